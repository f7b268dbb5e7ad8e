/** Shell that the supervisor and every undo have in common: POSIX, without a fork where it is asked often. */
import { quote } from '../../../contracts/command.ts'

/**
 * Files of a stack, in its folder: `.supervisor` (`PID START`), `.ctl` (a FIFO), `.keep` (stays when the runner ends); of
 * each service, in `NAME/`: `run` (its command), `pid` (`PID START`), `exit` (`PID CODE`), `stopping` (`PID`), `log`, `files/`.
 * `pid` is replaced by a rename; an `exit` that is empty yet, or of another PID than that of `pid`, is none.
 */
export function aboutStack(stack: string): string {
  return `stack=${quote(stack)}
${FUNCTIONS}`
}

/** What tells the processes of a stack from all others, also those that left their group: it stands in their environment. */
export const MARKER = 'SHAKEDOWN_STACK'

/** The colon ends the path, since one path may begin with another. */
export const markerOf = (stack: string) => `${stack}:`

/**
 * Processes are known by pid and start time, since pids are used again. Zombies count as dead, though \`kill -0\` finds
 * them. The name of a command in /proc/PID/stat may hold spaces, so fields are counted behind its bracket.
 */
export const FUNCTIONS = `
look() {
  state= start=
  [ -n "$1" ] || return 1
  if [ -r /proc/self/stat ]; then
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- \${line##*) }
    state=$1 start=\${20}
  else
    state=$(ps -o stat= -p "$1" 2>/dev/null)
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)
  fi
  case $state in Z* | X* | '') return 1 ;; esac
}
is() {
  pid= was=
  { read -r pid was <"$1"; } 2>/dev/null
  look "$pid" && [ "$start" = "$was" ]
}
stands() { is "$stack/.supervisor"; }
alive() { is "$stack/$1/pid"; }
exited() {
  gone= code=
  { read -r gone code <"$stack/$1/exit"; } 2>/dev/null
  [ -n "$gone" ] && [ "$gone" = "$pid" ]
}
tell() { [ -p "$stack/.ctl" ] && echo "$*" 1<>"$stack/.ctl"; }
send() { kill "-$1" "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null; }
strays() {
  grep -lF "${MARKER}=$stack:" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ one _; do
    look "$one" && echo "$one"
  done
}
sweep() {
  for file in "$stack"/*/pid; do is "$file" && send KILL "$pid"; done
  for one in $(strays); do kill -9 "$one" 2>/dev/null; done
  return 0
}
`
