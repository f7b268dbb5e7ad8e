/**
 * What a helper runs, in the network namespace of its container: it makes the rules, proves that they have an effect, renews
 * them while it is told to, and takes them away when its stdin ends (the runner is gone) or at a TERM (the undo).
 *
 * Its environment: TABLE, RULES, RENEW; PEERS, NAMES and TEST for the proof; DELAY and JITTER in ms for the proxy. It says
 * `ready EVIDENCE`, `without WHY` (no effect) or `refused WHY`, on one line.
 */
export const helperScript = `
proxy=
cleanup() {
  nft delete table inet "$TABLE" 2>/dev/null
  [ -z "$NETEM" ] || for one in $NETEM; do tc qdisc del dev "$one" root 2>/dev/null; done
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null
}
trap 'cleanup; exit 0' TERM INT
hits() { nft list counter inet "$TABLE" hit 2>/dev/null | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'; }

# An answer of any kind, a refusal too, shows that packets go both ways.
reaches() {
  words=$(timeout 0.4 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1)
  case $? in 0) return 0 ;; 124) return 1 ;; esac
  case $words in *refused*) return 0 ;; *) return 1 ;; esac
}
reachable() { for one in $1; do { reaches "$one" && echo "$one"; } & done; wait; }
looked_up() { for one in $1; do timeout 3 getent ahosts "$one" >/dev/null 2>&1 && echo "$one"; done; }

before() {
  case $TEST in
    connect)
      there=$(echo $(reachable "$PEERS"))
      [ -n "$there" ] || { echo "without there was no way to $PEERS before, so nothing could be cut"; exit 4; } ;;
    dns)
      there=$(echo $(looked_up "$NAMES"))
      [ -n "$there" ] || { echo "without none of $NAMES could be looked up before"; exit 4; } ;;
  esac
}

after() {
  case $TEST in
    connect)
      still=$(echo $(reachable "$there"))
      [ -z "$still" ] || { echo "without $still can still be reached"; return; }
      echo "ready no way to $there any more" ;;
    dns)
      still=$(echo $(looked_up "$there"))
      [ -z "$still" ] || { echo "without $still can still be looked up"; return; }
      echo "ready $there can't be looked up any more" ;;
    burst)
      to=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | head -n 1)
      [ -n "$to" ] || to=$(ip -4 -o addr | sed -n 's/.*brd \\([^ ]*\\).*/\\1/p' | head -n 1)
      first=$(hits)
      bash -c 'for n in $(seq 300); do echo packet-$n >/dev/udp/'"$to"'/9; done' 2>/dev/null
      lost=$(( $(hits) - first ))
      [ $lost -gt 0 ] || { echo "without none of 300 test packets was lost"; return; }
      echo "ready $lost of 300 test packets were lost" ;;
    *) echo "ready the rules are in" ;;
  esac
}

before
if [ -n "$DELAY" ]; then
  NETEM=
  for one in $(ls /sys/class/net); do
    [ "$one" = lo ] && continue
    tc qdisc add dev "$one" root netem delay "\${DELAY}ms" "\${JITTER}ms" 2>/dev/null && NETEM="$NETEM $one"
  done
fi
if [ -n "$DELAY" ] && [ -n "$NETEM" ]; then
  echo "ready by netem on$NETEM"
else
  if [ -n "$DELAY" ]; then
    perl -e "$PROXY" & proxy=$!
    n=0
    while ! bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT" 2>/dev/null; do
      n=$((n + 1)); [ $n -lt 100 ] || { echo "refused the proxy does not start"; exit 3; }
      sleep 0.02
    done
  fi
  words=$(printf '%s' "$RULES" | nft -f - 2>&1) || { echo "refused $(echo $words)"; cleanup; exit 3; }
  [ -z "$DELAY" ] || { echo "ready by a TCP proxy, since this kernel has no netem"; }
  [ -n "$DELAY" ] || after
fi
while read -r word; do
  case $word in
    renew) printf '%s' "$RENEW" | nft -f - 2>/dev/null ;;
  esac
done
cleanup
exit 0
`

/** Delays what goes through it, both ways; where a connection was meant to go, the kernel tells (SO_ORIGINAL_DST). */
export const proxyScript = `
use strict; use Socket; use IO::Select; use IO::Handle; use Time::HiRes qw(time);
$SIG{PIPE}="IGNORE"; my($delay,$jitter,$mark)=($ENV{DELAY}/1000,$ENV{JITTER}/1000,$ENV{MARK});
socket(my $l,PF_INET,SOCK_STREAM,0) or die; setsockopt($l,SOL_SOCKET,SO_REUSEADDR,1);
bind($l,sockaddr_in($ENV{PORT},INADDR_ANY)) or die; listen($l,200);
my $s=IO::Select->new($l); my(%peer,%queue,%ends,%due);
sub late { my $to=shift; my $at=time+$delay+(rand(2)-1)*$jitter; $at=$due{$to} if $due{$to} && $due{$to}>$at; $due{$to}=$at; return $at }
sub gone { my $c=shift; my $p=delete $peer{$c}; $s->remove($c); close $c; delete $queue{$c}; delete $ends{$c}; delete $due{$c};
  if($p){delete $peer{$p}; $s->remove($p); close $p; delete $queue{$p}; delete $ends{$p}; delete $due{$p}} }
while(1){
  my $next; for my $q (values %queue){ $next=$q->[0][0] if @$q && (!defined $next || $q->[0][0]<$next) }
  my $wait=defined $next ? $next-time : 1; $wait=0 if $wait<0;
  for my $c ($s->can_read($wait)){
    if($c==$l){ accept(my $n,$l) or next; my $o=getsockopt($n,0,80) or do{close $n;next};
      my($port,$ip)=(unpack("x2 n",$o),substr($o,4,4)); if($port==$ENV{PORT}){close $n;next}
      socket(my $u,PF_INET,SOCK_STREAM,0); setsockopt($u,SOL_SOCKET,36,pack("I",$mark));
      connect($u,sockaddr_in($port,$ip)) or do{close $n;next};
      $peer{$n}=$u; $peer{$u}=$n; $queue{$n}=[]; $queue{$u}=[]; $s->add($n,$u); next }
    my $p=$peer{$c} or do{$s->remove($c);next}; my $got=sysread($c,my $b,65536);
    if($got){ push @{$queue{$p}},[late($p),$b,$p] } else { $s->remove($c); push @{$queue{$p}},[late($p),undef,$p] } }
  my $now=time;
  for my $k (keys %queue){ my $q=$queue{$k} or next; while(@$q && $q->[0][0]<=$now){ my($at,$b,$fh)=@{shift @$q};
    if(defined $b){ my $w=0; while($w<length $b){ my $n=syswrite($fh,$b,length($b)-$w,$w); last unless $n; $w+=$n } }
    else { shutdown($fh,1); $ends{$k}=1; my $o=$peer{$fh}; if($o && $ends{$o}){ gone($fh); last } } } } }
`
