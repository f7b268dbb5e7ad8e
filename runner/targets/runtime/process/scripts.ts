/** The shell that undoes and verifies what was done to a service: guarded, idempotent, and good without the runner. */
import { quote } from '../../../contracts/command.ts'

/** Tells by pid and start time, since pids are used again; a zombie counts as dead. A stack that is gone has nothing to put back. */
function preamble(stack: string, name: string): string {
  return `dir=${quote(stack)}; me=$dir/${quote(name)}
[ -e "$dir/supervisor" ] || exit 0
fields() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null; }
alive() { read -r pid was 2>/dev/null <"$me/pid" && [ -n "$pid" ] && set -- $(fields "$pid") && [ "\${20}" = "$was" ] && [ "$1" != Z ]; }
state() { alive && fields "$pid" | cut -c1; }
`
}

/** Starts the service unless it runs, and waits until it does. */
export function startScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
alive && exit 0
rm -f "$me/exit"
echo "start $(basename "$me")" 1<>"$dir/ctl"
n=0
until alive; do n=$((n + 1)); [ -e "$me/exit" ] && { echo "it exited at once with $(cat "$me/exit")" >&2; exit 1; }; [ $n -gt 200 ] && { echo "it did not start" >&2; exit 1; }; sleep 0.02; done
exit 0`
}

export function runsScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
alive || { echo "it is not running" >&2; exit 1; }
[ "$(state)" != T ] || { echo "it is still stopped" >&2; exit 1; }
exit 0`
}

export function continueScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
alive || exit 0
kill -CONT "-$pid"
exit 0`
}

/** After a pause the service runs on, or it is gone, which is nothing that the pause has left. */
export function notStoppedScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
alive || exit 0
[ "$(state)" != T ] || { echo "it is still stopped" >&2; exit 1; }
exit 0`
}

export function stopScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
alive || exit 0
kill -TERM "-$pid" 2>/dev/null
n=0
while alive; do n=$((n + 1)); [ $n -eq 100 ] && kill -9 "-$pid" 2>/dev/null; [ $n -gt 200 ] && exit 1; sleep 0.05; done
exit 0`
}

export function stoppedScript(stack: string, name: string): string {
  return `${preamble(stack, name)}
if alive; then echo "it is still running" >&2; exit 1; fi
exit 0`
}

/** Everything of a stack goes: by its supervisor, or, where that is dead, group by group. */
export function downScript(stack: string): string {
  return `dir=${quote(stack)}
read -r supervisor 2>/dev/null <"$dir/supervisor"
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
if [ -n "$supervisor" ] && kill -0 "$supervisor" 2>/dev/null; then
  echo quit 1<>"$dir/ctl"
  n=0
  while [ -e "$dir/supervisor" ]; do n=$((n + 1)); [ $n -gt 100 ] && break; sleep 0.02; done
fi
for file in "$dir"/*/pid; do
  [ -e "$file" ] || continue
  read -r pid was <"$file"
  [ -n "$was" ] && [ "$(started "$pid")" = "$was" ] && kill -9 "-$pid" 2>/dev/null
done
exit 0`
}

/** No process of the stack is left. A killed one may be dying for a moment yet. */
export function isDownScript(stack: string): string {
  return `dir=${quote(stack)}
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | grep -v '^Z' | cut -d' ' -f20; }
for file in "$dir"/*/pid; do
  [ -e "$file" ] || continue
  read -r pid was <"$file"
  [ -n "$was" ] && [ "$(started "$pid")" = "$was" ] && { echo "$file is still alive" >&2; exit 1; }
done
exit 0`
}
