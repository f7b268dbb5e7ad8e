/**
 * The services of a stack belong to this small supervisor and not to the runner: it owns their process groups, tells of exits
 * at once, and takes `start NAME` and `stop NAME SIGNAL` on a FIFO, so that an undo is a line of shell. When its stdin ends,
 * because the runner is gone, everything goes, and it last of all.
 *
 * Files of a service, in `$dir/NAME`: `run` (the command), `pid` (`PID STARTTIME`), `exit`, `log`, `starts`.
 */
export const supervisor = `
trap '' PIPE INT TERM HUP
dir=$1
cd / || exit 1
if command -v setsid >/dev/null 2>&1; then new='setsid'; else new=''; set -m; fi
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
say() { echo "$*" 2>/dev/null; }
start() {
  rm -f "$dir/$1/exit"
  (
    exec 3>&- 4<&- </dev/null
    # What is ignored here would be ignored by the service, too, and it could not even undo that.
    ( trap - PIPE INT TERM HUP; exec $new sh "$dir/$1/run" ) >>"$dir/$1/log" 2>&1 &
    pid=$!
    echo "$pid $(started $pid)" >"$dir/$1/pid.new"
    mv "$dir/$1/pid.new" "$dir/$1/pid"
    say "started $1 $pid"
    wait $pid
    code=$?
    echo $code >"$dir/$1/exit.new"
    mv "$dir/$1/exit.new" "$dir/$1/exit"
    say "exited $1 $code"
  ) &
}
end() {
  read -r pid was <"$dir/$1/pid" || return 0
  [ -e "$dir/$1/exit" ] && return 0
  [ "$(started $pid)" = "$was" ] && kill -9 "-$pid" 2>/dev/null
  return 0
}
rm -f "$dir/ctl"; mkfifo "$dir/ctl" || exit 1
exec 3<>"$dir/ctl"
# A command in the background has /dev/null for stdin, whatever <&0 says: so by another number.
exec 4<&0 </dev/null
( exec 3>&-; cat <&4 >/dev/null; [ -e "$dir/keep" ] || echo "quit" 1<>"$dir/ctl" ) &
exec 4<&-
echo $$ >"$dir/supervisor"
say "ready"
while read -r word name <&3; do
  case $word in
    start) start "$name" ;;
    quit)
      for one in "$dir"/*/pid; do [ -e "$one" ] && { one=\${one%/pid}; end "\${one##*/}"; }; done
      rm -f "$dir/supervisor" "$dir/ctl"
      say "quit"
      exit 0 ;;
  esac
done
`
