/** The shell that undoes and verifies what was done to services: guarded, idempotent, and good without the runner. */
import { quote } from '../../../contracts/command.ts'
import { DRIFTED } from '../../../contracts/undo.ts'
import { aboutStack } from './shell.ts'

/** How a service is stopped: hundredths of a second between the signal and the KILL. */
export interface StopBy {
  readonly signal: string
  readonly grace: number
}

/** A stack that is gone, or about to, has nothing to put back. */
function about(stack: string, name: string): string {
  return `${aboutStack(stack)}
name=${quote(name)}
stands || exit 0
[ -e "$stack/.quitting" ] && exit 0`
}

/**
 * Starts a service unless it runs, and waits until it does. One that was told to stop and has not yet, since whoever told
 * it was ended, is no running one. A message on the FIFO may be lost, so it is sent again.
 */
export function startScript(stack: string, name: string): string {
  return `${about(stack, name)}
doomed=
{ read -r doomed <"$stack/$name/stopping"; } 2>/dev/null
if alive "$name"; then
  [ "$pid" = "$doomed" ] || exit 0
  send KILL "$pid"
fi
before=$pid
n=0
while [ $n -lt 1000 ]; do
  alive "$name" && [ "$pid" != "$doomed" ] && exit 0
  [ "$pid" != "$before" ] && exited "$name" && { echo "$name exited at once with $code" >&2; exit 1; }
  [ $((n % 100)) -eq 0 ] && tell start "$name"
  n=$((n + 1))
  sleep 0.01
done
echo "$name was not started within 10s" >&2
exit 1`
}

/** Signals only its first process; a stopped service gets no signal. */
export function signalScript(stack: string, name: string, signal: string): string {
  return `${about(stack, name)}
alive "$name" || exit 0
send ${signal} "$pid"
exit 0`
}

export function isRunning(stack: string, name: string): string {
  return `${about(stack, name)}
alive "$name" || { echo "$name is not running" >&2; exit 1; }
case $state in T*) echo "$name is paused" >&2; exit 1 ;; esac
exit 0`
}

/** Lets the very process go on that was paused. */
export function continueScript(stack: string, name: string, paused: { pid: number; started: string }): string {
  return `${about(stack, name)}
if look ${paused.pid} && [ "$start" = ${quote(paused.started)} ]; then
  send CONT ${paused.pid}
  tell say "continued $name"
  exit 0
fi
alive "$name" && exit 0
echo "$name exited while it was paused" >&2
exit ${DRIFTED}`
}

export function stopScript(stack: string, name: string, { signal, grace }: StopBy): string {
  return `${about(stack, name)}
alive "$name" || exit 0
echo "$pid" >"$stack/$name/stopping"
leader=$pid
send ${signal} "$leader"
send CONT "$leader"
n=0
while alive "$name" && [ $n -lt ${grace} ]; do n=$((n + 1)); sleep 0.01; done
# A leader that went in peace may have left others in its group.
kill -9 "-$leader" 2>/dev/null
n=0
while alive "$name"; do
  n=$((n + 1))
  [ $n -gt 500 ] && { echo "$name can't be killed" >&2; exit 1; }
  sleep 0.01
done
exit 0`
}

export function isStopped(stack: string, name: string): string {
  return `${about(stack, name)}
if alive "$name"; then echo "$name is still running" >&2; exit 1; fi
exit 0`
}

/** Everything of a stack goes: by its supervisor, or, where that is dead or deaf, one by one. `tidy` is run at the end. */
export function downScript(stack: string, tidy = ''): string {
  return `${aboutStack(stack)}
[ -d "$stack" ] || exit 0
if stands; then
  supervisor=$pid
  tell quit
  n=0
  while stands; do
    n=$((n + 1))
    [ $n -gt 500 ] && { kill -9 "$supervisor"; break; }
    sleep 0.01
  done
fi
sweep
${tidy}
exit 0`
}

/** No process of the stack is left. A killed one may be dying for a moment yet. */
export function isDown(stack: string): string {
  return `${aboutStack(stack)}
stands && { echo "its supervisor is still alive" >&2; exit 1; }
for file in "$stack"/*/pid; do
  is "$file" && { echo "$file is still alive" >&2; exit 1; }
done
left=$(strays)
[ -z "$left" ] || { echo "processes of it are still alive:" $left >&2; exit 1; }
exit 0`
}
