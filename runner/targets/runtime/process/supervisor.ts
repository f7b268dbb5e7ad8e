import { FUNCTIONS } from './shell.ts'

/**
 * The services of a stack belong to this small supervisor and not to the runner: it owns their process groups, tells of
 * starts and exits at once on its stdout, and takes `start NAME` on a FIFO, so that an undo is a line of shell, and on its
 * stdin from the runner. When that ends, because the runner is gone, everything goes, and it last of all; should it be dead itself, what watches its
 * stdin sees to that alone. Its arguments: the folder of the stack, and how many hundredths of a second pass between the
 * TERM for all of it and the KILL.
 */
export const supervisor = `
trap '' PIPE INT TERM HUP
stack=$1 grace=$2
cd / || exit 1
exec 2>>"$stack/.supervisor.log"
${FUNCTIONS}
# A shell without job control starts what is in the background with INT and QUIT ignored, and a service could not undo that.
alone=
command -v setsid >/dev/null 2>&1 && alone=setsid
env --default-signal true >/dev/null 2>&1 && alone="$alone env --default-signal"

say() { echo "$*" 2>/dev/null; }

# Runs beside the supervisor, for as long as the service does.
serve() {
  case $alone in setsid*) ;; *) set -m ;; esac
  ( trap - PIPE INT TERM HUP QUIT; exec $alone sh "$stack/$1/run" ) >>"$stack/$1/log" 2>&1 </dev/null &
  child=$!
  look "$child"
  echo "$child $start" >"$stack/$1/pid.new"
  mv "$stack/$1/pid.new" "$stack/$1/pid"
  rm -f "$stack/$1/starting"
  say "started $1 $child"
  wait "$child"
  code=$?
  echo "$child $code" >"$stack/$1/exit"
  say "exited $1 $code"
}

# Asked twice, it starts once.
start() {
  [ -e "$stack/$1/starting" ] && return
  alive "$1" && return
  : >"$stack/$1/starting"
  serve "$1" 3<&- &
}

quit() {
  : >"$stack/.quitting"
  groups=
  for file in "$stack"/*/pid; do
    is "$file" || continue
    groups="$groups $pid"
    send TERM "$pid"
    send CONT "$pid"
  done
  n=0
  while living && [ $n -lt $grace ]; do n=$((n + 1)); sleep 0.01; done
  # A leader that went in peace may have left others in its group.
  for pid in $groups; do kill -9 "-$pid" 2>/dev/null; done
  sweep
  rm -f "$stack/.ctl" "$stack/.supervisor"
  say gone
  exit 0
}

living() {
  for file in "$stack"/*/pid; do is "$file" && return 0; done
  return 1
}

# What is in the background has /dev/null for stdin, whatever <&0 says: so by another number.
exec 4<&0 </dev/null
rm -f "$stack/.ctl"
mkfifo "$stack/.ctl" || exit 1
exec 3<>"$stack/.ctl"
look $$
echo "$$ $start" >"$stack/.supervisor"
(
  exec 3<&-
  while read -r line <&4; do tell "$line"; done
  [ -e "$stack/.keep" ] && exit 0
  : >"$stack/.quitting"
  tell quit
  n=0
  while stands && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.05; done
  sweep
) &
exec 4<&-
say ready
while read -r word name <&3; do
  case $word in
    start) start "$name" ;;
    say) say "$name" ;;
    quit) quit ;;
  esac
done
`
