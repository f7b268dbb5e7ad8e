/** A connection made by a program of the host, where sshd may not make it: to a socket that is root's, or where it forbids forwarding. */
import type { Duplex } from 'node:stream'
import { quote } from '../../../contracts/command.ts'
import type { Address } from '../../../contracts/transport.ts'
import type { Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'

/** What a `.bashrc` prints comes before it. */
const MARK = 'shakedown-relays'

/**
 * Resolves with a channel, or with the `code` of why there is no connection (`NONE`: nothing there can relay; `UNKNOWN`: the
 * reason has no name). Undefined: the program ended without a word.
 */
export async function relayed(link: Sessions, to: Address): Promise<Duplex | string | undefined> {
  const channel = await link.session(firstLineScript(link.settings.become))
  channel.stderr.resume()
  channel.on('error', () => undefined)
  const words = 'path' in to ? [to.path] : [to.host, String(to.port)]
  channel.write(
    `${escapeLine(`unset SD_LINE\nset -- ${words.map(quote).join(' ')}\nperl=${quote(PERL)}\n${SCRIPT}`)}\n`,
  )
  const word = await firstWord(channel)
  if (word === 'connected') return channel
  channel.destroy()
  return word
}

/**
 * Only perl tells by itself whether it is connected. socat is tried first with nothing to say: else a port that is closed
 * would count as open. Of docker it shows when it ends.
 */
const SCRIPT = `
if command -v perl >/dev/null 2>&1 && perl -MIO::Socket::UNIX -MIO::Socket::INET -MIO::Select -e 1 2>/dev/null; then
  exec perl -e "$perl" ${MARK} "$@"
fi
if [ $# -eq 1 ]; then
  [ -e "$1" ] || { echo "${MARK} ENOENT"; exit 1; }
  to="UNIX-CONNECT:$1"
else
  to="TCP:$1:$2"
fi
if command -v socat >/dev/null 2>&1; then
  why=$(socat -u OPEN:/dev/null "$to" 2>&1 >/dev/null) || {
    case $why in
      *refused*) echo "${MARK} ECONNREFUSED" ;;
      *"timed out"*) echo "${MARK} ETIMEDOUT" ;;
      *"No route"*) echo "${MARK} EHOSTUNREACH" ;;
      *unreachable*) echo "${MARK} ENETUNREACH" ;;
      *"not known"* | *resolution* | *"No address"*) echo "${MARK} ENOTFOUND" ;;
      *denied*) echo "${MARK} EACCES" ;;
      *) echo "${MARK} UNKNOWN" ;;
    esac
    exit 1
  }
  echo "${MARK} connected"
  exec socat -t 86400 - "$to"
fi
if [ $# -eq 1 ] && command -v docker >/dev/null 2>&1; then echo "${MARK} connected"; exec docker -H "unix://$1" system dial-stdio; fi
echo "${MARK} NONE"`

/** The end of one direction is handed on, and the other goes on. */
const PERL = `
use strict; use Errno; use IO::Socket::UNIX; use IO::Socket::INET; use IO::Select;
my ($mark, @to) = @ARGV;
$| = 1;
my $peer = @to == 1 ? IO::Socket::UNIX->new(Peer => $to[0]) : IO::Socket::INET->new(PeerAddr => $to[0], PeerPort => $to[1], Proto => "tcp");
if (!$peer) {
  my %names = map { $_ => 1 } qw(ENOENT EACCES ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH);
  my ($name) = grep { $names{$_} && $!{$_} } keys %!;
  $name = "ENOTFOUND" if $@ =~ /bad hostname/i;
  print "$mark ", $name || (@to == 1 ? "ECONNREFUSED" : "UNKNOWN"), "\\n";
  exit 1;
}
print "$mark connected\\n";
binmode $_ for \\*STDIN, \\*STDOUT, $peer;
my $select = IO::Select->new(\\*STDIN, $peer);
sub hand {
  my ($to, $bytes) = @_;
  while (length $bytes) { my $n = syswrite $to, $bytes; return 0 unless defined $n; substr $bytes, 0, $n, ""; }
  return 1;
}
while (my @ready = $select->can_read) {
  for my $from (@ready) {
    my $is_peer = $from == $peer;
    my $n = sysread $from, my $bytes, 65536;
    if ($n) { hand($is_peer ? \\*STDOUT : $peer, $bytes) or exit; next }
    exit if $is_peer;
    $select->remove($from);
    shutdown $peer, 1;
  }
}`

/** What follows the word belongs to the connection. Read by `readable`: after a `pause` nobody's `data` would begin it again. */
function firstWord(channel: Duplex): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let bytes = Buffer.alloc(0)
  const read = () => {
    bytes = Buffer.concat([bytes, (channel.read() as Buffer | null) ?? Buffer.alloc(0)])
    const [all = '', word = ''] = new RegExp(`(?:^|\\n)${MARK} (\\w+)\\n`).exec(bytes.toString('latin1')) ?? []
    if (word === '') return
    channel.off('readable', read)
    const end = bytes.toString('latin1').indexOf(all) + all.length
    if (end < bytes.length) channel.unshift(bytes.subarray(end))
    resolve(word)
  }
  channel.on('readable', read)
  channel.once('close', () => resolve(undefined))
  return promise
}
