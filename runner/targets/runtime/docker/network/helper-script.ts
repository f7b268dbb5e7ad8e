/**
 * What a helper runs (bash), in the network namespace of its container: it looks whether there is something to lose, makes the
 * rules, proves that they have an effect, renews them while it is told to, and takes them away when its stdin ends (the runner
 * is gone), when nobody has told it anything for the lease (the runner is stopped) or at a TERM (the undo).
 *
 * Its environment: TABLE, RULES, RENEW, LEASE; AGAIN after a restart; TEST and what the test wants of PEERS, NAMES, PORTS, COUNT, BYTES; DELAY and
 * JITTER in ms, with PROXY, PORT and MARK for kernels without netem; PROOF. It says `ready EVIDENCE`, `without WHY` (no effect)
 * or `refused WHY`, on one line.
 */
export const helperScript = String.raw`
LC_ALL=C
proxy=
netem=
cleanup() {
  nft delete table inet "$TABLE" 2>/dev/null
  for one in $netem; do tc qdisc del dev "$one" root handle 5d: 2>/dev/null; done
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null
}
trap 'cleanup; exit 0' TERM INT
say() { echo "$*"; }
end() { say "$@"; cleanup; exit 3; }

# An answer of any kind, a refusal too, shows that packets go both ways.
reaches() {
  words=$(timeout 0.4 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1)
  case $? in 0) return 0 ;; 124) return 1 ;; esac
  case $words in *refused*) return 0 ;; *) return 1 ;; esac
}
reachable() { for one in $1; do { reaches "$one" && echo "$one"; } & done; wait; }
looked_up() { for one in $1; do { timeout 3 getent ahosts "$one" >/dev/null 2>&1 && echo "$one"; } & done; wait; }

# Test packets go to the gateway, else to the last address of the own network: they need not arrive.
somewhere() {
  to=$(ip -4 route | sed -n 's/^default via \([^ ]*\).*/\1/p' | head -n 1)
  [ -n "$to" ] || to=$(ip -4 -o addr show scope global | sed -n 's/.* brd \([^ ]*\)\.255 .*/\1.254/p' | head -n 1)
  echo "$to"
}

# In ms, until a connection is refused or ended.
measured() {
  local start=$EPOCHREALTIME
  timeout $((DELAY / 500 + 10)) bash -c "exec 3<>/dev/tcp/$1/9 && read -u 3" 2>/dev/null
  echo $(((10#${'$'}{EPOCHREALTIME/./} - 10#${'$'}{start/./}) / 1000))
}

# Ports that others can connect to; those on loopback are out of their reach, and of the rules.
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _; do
    [ "$state" = 0A ] || continue
    case ${'$'}{local%:*} in ??????7F | *FFFF0000??????7F | 00000000000000000000000001000000) continue ;; esac
    echo $((16#${'$'}{local##*:}))
  done | sort -nu
}

# Rules that are made again for a container that was restarted are made first of all, whoever else is not up yet.
lost() { [ -n "$AGAIN" ] || end "$@"; }

there=
before() {
  case $TEST in
    connect)
      there=$(echo $(reachable "$PEERS"))
      [ -n "$there" ] || lost "without there was no way to $PEERS before, so nothing could be cut" ;;
    dns)
      there=$(echo $(looked_up "$NAMES"))
      [ -n "$there" ] || lost "without none of $NAMES could be looked up before" ;;
    reject)
      for one in $(listening); do
        case " $PORTS " in "  " | *" $one "*) there="$there $one" ;; esac
      done
      [ -n "$there" ] || lost "without nothing listens ${'$'}{PORTS:+on $PORTS }that could be refused" ;;
    delay)
      there=$(reachable "$(somewhere) $PEERS" | head -n 1)
      [ -z "$there" ] || was=$(measured "$there") ;;
  esac
}

after() {
  case $TEST in
    connect | dns | reject) [ -n "$there" ] || { say 'ready the rules are in; nobody is there yet to try them with'; return; } ;;
  esac
  case $TEST in
    connect)
      still=$(echo $(reachable "$there"))
      [ -z "$still" ] || { say "without $still can still be reached"; return; }
      say "ready no way to $there any more" ;;
    dns)
      still=$(echo $(looked_up "$there"))
      [ -z "$still" ] || { say "without $still can still be looked up"; return; }
      say "ready $there can't be looked up any more" ;;
    reject) say "ready"$there ;;
    loss | rate)
      to=$(somewhere)
      [ -n "$to" ] || { say "ready the rules are in; there is no address to send test packets to"; return; }
      say "$(perl -e "$PROOF" "$TEST" "$to")" ;;
    delay)
      [ -n "$there" ] || { say "ready $1; nobody answers who could be asked for the time it takes"; return; }
      now=$(measured "$there")
      [ $((now - was)) -ge $(((DELAY - JITTER) * 8 / 10)) ] || { say "without $1, an answer takes $now ms, and took $was ms before"; return; }
      say "ready $1: an answer takes $now ms, and took $was ms before" ;;
    *) say "ready the rules are in" ;;
  esac
}

# On all of its interfaces or on none.
by_netem() {
  for one in $(ls /sys/class/net); do
    [ "$one" = lo ] && continue
    if tc qdisc add dev "$one" root handle 5d: netem delay "$DELAY"ms "$JITTER"ms 2>/dev/null; then netem="$netem $one"; continue; fi
    for made in $netem; do tc qdisc del dev "$made" root handle 5d: 2>/dev/null; done
    netem=
    return 1
  done
  [ -n "$netem" ]
}

by_proxy() {
  perl -e "$PROXY" &
  proxy=$!
  for _ in $(seq 200); do
    bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT" 2>/dev/null && return
    sleep 0.01
  done
  end 'refused the proxy does not start'
}

rules() {
  words=$(printf '%s' "${'$'}{RULES//LISTENING/$(listed)}" | nft -f - 2>&1) || end "refused $(echo $words)"
}
listed() { set -- $there; [ $# -gt 0 ] || set -- 1; local IFS=,; echo "$*"; }

before
if [ -z "$DELAY" ]; then
  rules
  after
elif by_netem; then
  after 'by netem'
else
  by_proxy
  rules
  after 'by a TCP proxy, since this kernel has no netem'
fi
while read -r -t "$LEASE" word; do
  [ "$word" != renew ] || printf '%s' "$RENEW" | nft -f - 2>/dev/null
done
cleanup
exit 0
`

/** Sends datagrams (perl): a packet that a rule drops on its way out comes back as EPERM. */
export const proofScript = `
use strict; use warnings; use Socket; use Errno qw(EPERM); use Time::HiRes qw(time);
my ($test, $host) = @ARGV;
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_SNDBUF, 8_000_000);
my $to = sockaddr_in(9, inet_aton($host));
my ($sent, $lost, $bytes, $start) = (0, 0, 0, time);
my $size = $test eq "rate" ? ($ENV{BYTES} > 5_000_000 ? 60_000 : 1_200) : 20;
my $packet = "x" x $size;
while ($test eq "rate" ? time - $start < 0.5 && !$lost : $sent < $ENV{COUNT}) {
  $sent++;
  if (send($s, $packet, 0, $to)) { $bytes += $size } elsif ($! == EPERM) { $lost++ }
}
if ($test eq "loss") {
  print $lost ? "ready $lost of $sent test packets were lost" : "without none of $sent test packets was lost";
} else {
  my $took = sprintf "%.0f ms", (time - $start) * 1000;
  print $lost ? "ready after $bytes bytes in $took a packet was lost" : "without $bytes bytes were sent in $took, and that is below it";
}
`

/**
 * Delays what the service sends (perl), in connections that come in and in those that go out; where one was meant to go, the
 * kernel tells (SO_ORIGINAL_DST). A connection that is refused is reset, as late as the refusal would have been.
 */
export const proxyScript = String.raw`
use strict; use warnings; use Socket qw(:all); use Fcntl; use Errno qw(EINPROGRESS EAGAIN EINTR); use Time::HiRes qw(time);
$SIG{PIPE} = "IGNORE";
my ($delay, $jitter, $mark, $most) = ($ENV{DELAY} / 1000, $ENV{JITTER} / 1000, $ENV{MARK}, 4_000_000);
my (%at, @listeners);
sub quietly { my $fh = shift; fcntl($fh, F_SETFL, fcntl($fh, F_GETFL, 0) | O_NONBLOCK) }
for my $family (AF_INET, AF_INET6) {
  socket(my $l, $family, SOCK_STREAM, 0) or next;
  setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1); setsockopt($l, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $family == AF_INET6;
  bind($l, $family == AF_INET ? pack_sockaddr_in($ENV{PORT}, INADDR_ANY) : pack_sockaddr_in6($ENV{PORT}, IN6ADDR_ANY)) or next;
  listen($l, 500) or next; quietly($l); push @listeners, $l;
}
@listeners or die "no listener\n";
sub add { my ($fh, %more) = @_; quietly($fh); setsockopt($fh, IPPROTO_TCP, TCP_NODELAY, 1); my $n = fileno $fh;
  $at{$n} = { n => $n, fh => $fh, queue => [], size => 0, due => 0, %more }; return $at{$n} }
# What is queued for one whom the service sends to is late; what the service itself is to get is not.
sub queue { my ($to, $bytes) = @_; my $when = time; $when += $delay + (rand(2) - 1) * $jitter if $to->{late};
  $when = $to->{due} if $when < $to->{due}; $to->{due} = $when; $to->{size} += length($bytes // ""); push @{$to->{queue}}, [$when, $bytes] }
sub drop { for my $n (@_) { my $c = delete $at{$n} or next; close $c->{fh} } }
sub reset_later { my $c = shift; $c->{late} = 1; queue($c, "reset") ; $c->{queue}[-1][1] = \"reset" }
sub local_address { my ($family, $ip) = @_; socket(my $s, $family, SOCK_DGRAM, 0) or return 0;
  return bind($s, $family == AF_INET ? pack_sockaddr_in(0, $ip) : pack_sockaddr_in6(0, $ip)) }
sub take { my $l = shift;
  while (accept(my $fh, $l)) {
    my $family = sockaddr_family(getsockname($fh));
    my $meant = getsockopt($fh, $family == AF_INET ? 0 : 41, 80) or do { close $fh; next };
    my $address = substr $meant, 0, $family == AF_INET ? 16 : 28;
    my ($port, $ip) = $family == AF_INET ? unpack_sockaddr_in($address) : unpack_sockaddr_in6($address);
    if ($port == $ENV{PORT}) { close $fh; next }
    socket(my $up, $family, SOCK_STREAM, 0) or do { close $fh; next };
    setsockopt($up, SOL_SOCKET, 36, pack("I", $mark));
    my $comes_in = local_address($family, $ip);
    my $here = add($fh, late => $comes_in); my $there = add($up, late => !$comes_in, connecting => 1);
    $here->{peer} = $there->{n}; $there->{peer} = $here->{n};
    connect($up, $address) or $! == EINPROGRESS or refused($there);
  } }
sub refused { my $c = shift; my $p = $at{$c->{peer}}; drop($c->{n}); reset_later($p) if $p }
sub fetch { my $c = shift; my $p = $at{$c->{peer}};
  my $got = sysread($c->{fh}, my $bytes, 65536);
  if ($got) { $p ? queue($p, $bytes) : 0; return }
  return if !defined $got && ($! == EAGAIN || $! == EINTR);
  $c->{over} = 1;
  if (!defined $got) { drop($c->{n}); reset_later($p) if $p; return }
  $p ? queue($p, undef) : drop($c->{n}) }
sub give { my ($c, $now) = @_;
  while (@{$c->{queue}} && $c->{queue}[0][0] <= $now) {
    my $bytes = $c->{queue}[0][1];
    if (ref $bytes) { setsockopt($c->{fh}, SOL_SOCKET, SO_LINGER, pack("II", 1, 0)); drop($c->{n}); return }
    if (!defined $bytes) { shift @{$c->{queue}}; shutdown($c->{fh}, 1); $c->{said} = 1; my $p = $at{$c->{peer}};
      drop($c->{n}, $c->{peer}) if $c->{over} && (!$p || $p->{said}); return }
    my $wrote = syswrite($c->{fh}, $bytes);
    if (!defined $wrote) { return if $! == EAGAIN || $! == EINTR; my $p = $at{$c->{peer}}; drop($c->{n}); reset_later($p) if $p; return }
    $c->{size} -= $wrote;
    if ($wrote < length $bytes) { $c->{queue}[0][1] = substr $bytes, $wrote; return }
    shift @{$c->{queue}} } }
while (1) {
  my ($now, $next, $r, $w) = (time, undef, "", "");
  vec($r, fileno $_, 1) = 1 for @listeners;
  for my $c (values %at) {
    my $p = $at{$c->{peer}};
    if ($c->{connecting}) { vec($w, $c->{n}, 1) = 1; next }
    vec($r, $c->{n}, 1) = 1 if !$c->{over} && (!$p || $p->{size} < $most);
    my $head = $c->{queue}[0] or next;
    if ($head->[0] <= $now) { vec($w, $c->{n}, 1) = 1 } elsif (!defined $next || $head->[0] < $next) { $next = $head->[0] } }
  next if select($r, $w, undef, defined $next ? $next - $now : undef) < 0;
  for my $l (@listeners) { take($l) if vec($r, fileno $l, 1) }
  for my $n (keys %at) {
    my $c = $at{$n} or next;
    if ($c->{connecting}) { next unless vec($w, $n, 1); $c->{connecting} = 0;
      refused($c) if unpack "I", getsockopt($c->{fh}, SOL_SOCKET, SO_ERROR); next }
    fetch($c) if vec($r, $n, 1);
    give($c, time) if $at{$n} && vec($w, $n, 1) } }
`
