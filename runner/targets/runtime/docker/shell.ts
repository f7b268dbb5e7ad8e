/** The shell that speaks to the Engine: all that an undo needs is `sh` and one of `curl`, `perl` and `docker`. */
import { quote } from '../../../contracts/command.ts'
import type { Address } from '../../../contracts/transport.ts'
import { AWAY } from '../../../contracts/undo.ts'

/** HTTP/1.0, so that no answer comes in chunks. */
const PERL = `my($sock,$method,$path,$out,$type,$body)=@ARGV;
socket(S,PF_UNIX,SOCK_STREAM,0) or die "$!\\n"; connect(S,sockaddr_un($sock)) or die "$sock: $!\\n";
my $b=""; if(defined $body && $body ne ""){open(F,"<",$body) or die "$!\\n"; binmode F; local $/; $b=<F>;}
binmode S; select((select(S),$|=1)[0]);
print S "$method $path HTTP/1.0\\r\\nHost: docker\\r\\nContent-Type: $type\\r\\nContent-Length: ".length($b)."\\r\\n\\r\\n".$b;
local $/; my $all=<S>; my($head,$rest)=split /\\r\\n\\r\\n/,$all,2;
open(O,">",$out) or die "$!\\n"; binmode O; print O $rest; close O; print $1 if $head=~/^HTTP\\S+ (\\d+)/;`

/** The answer comes over stdout: the status on a line of its own, and then the body. */
const WITHIN = `cat >/asked; status=$(perl -MSocket -e "$0" /docker.sock "$1" "$2" /answer "$3" /asked) && echo "$status" && cat /answer`

/**
 * Defines for a script: `api METHOD PATH [BODYFILE [TYPE]]`, which leaves the body in `$out` and the status in `$status`;
 * `look CONTAINER`, which sets `$state` (`gone` when there is none); `refuse WORDS`; and `$kept`, beside which files were kept.
 */
export function engineShell(address: Address, version: string, helper: string): string {
  const unix = 'path' in address
  const base = unix ? 'http://docker' : `http://${address.host}:${address.port}`
  return `sock=${quote(unix ? address.path : '')}
kept=\${0%.*}
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out".*' EXIT
refuse() { echo "$*" >&2; exit 1; }
api() {
  if command -v curl >/dev/null 2>&1; then
    status=$(curl -s --max-time 120 ${unix ? '--unix-socket "$sock"' : ''} -X "$1" -H "Content-Type: \${4:-application/json}" -o "$out" -w '%{http_code}' \${3:+--data-binary "@$3"} "${base}/v${version}$2")
  elif command -v perl >/dev/null 2>&1; then
    status=$(perl -MSocket -e ${quote(PERL)} "$sock" "$1" "/v${version}$2" "$out" "\${4:-application/json}" "\${3:-}")
  elif ${unix ? 'command -v docker >/dev/null 2>&1' : 'false'}; then
    # The command can't send what it is not made for, so a container with the socket does that.
    cat \${3:+"$3"} </dev/null | docker --host "unix://$sock" run --rm --interactive --network none --label shakedown.speaks=1 --volume "$sock:/docker.sock" ${quote(helper)} \\
      sh -c ${quote(WITHIN)} ${quote(PERL)} "$1" "/v${version}$2" "\${4:-application/json}" >"$out.raw" 2>"$out.err"
    status=$(sed -n '1{p;q;}' "$out.raw")
    tail -n +2 "$out.raw" >"$out"
    [ -n "$status" ] || tail -n 3 "$out.err" >&2
  else
    refuse 'neither curl nor perl nor docker is here to speak to the Docker daemon'
  fi
  case $status in [1-5][0-9][0-9]) ;; *) echo "the Docker daemon at \${sock:-${base}} does not answer" >&2; exit ${AWAY} ;; esac
}
said() { sed -n 's/.*"message":"\\(.*\\)".*/\\1/p' "$out" | head -n 1; }
look() {
  api GET "/containers/$1/json"
  case $status in
    200) state=$(sed -n 's/.*"State":{"Status":"\\([a-z]*\\)".*/\\1/p' "$out") ;;
    404) state=gone ;;
    *) refuse "$1 can't be looked at: $(said)" ;;
  esac
}`
}

/** What speaks by itself, for preflight. */
export const SPEAKS = 'command -v curl || command -v perl'

/** Tells by its exit code whether that shell can speak to the daemon. */
export function tries(shell: string): string {
  return `${shell}\napi GET /_ping\n[ "$status" = 200 ]`
}
