/**
 * A shell on the host that takes many commands over one channel, each in a session of its own:
 *
 *     run ID KEEP MAIN STDIN SCRIPT    runs MAIN (which execs the command) with STDIN; `-` is an empty word
 *     stop GROUP                       ends a process group: TERM, and KILL after 0.2 s
 *
 * and answers in frames: `b ID GROUP` when a command has begun, `d ID CODE SIGNALLED` when it has ended, followed by its
 * stdout, a line with the token, its stderr, and another one. Lengths would be wrong when a child that goes on still
 * appends. The end of stdin ends everything that runs.
 *
 * Traps that were measured: `wait` tells 128 + N for a signal as for an exit code, so the shell's own message about a
 * foreground child tells them apart (there is none for INT and PIPE; dash writes it where the child's stderr goes, so the child
 * redirects itself); a reader and a writer on the FIFO, or opening it
 * blocks; commands must not inherit the FIFO, or they could keep it; what runs in the background ignores INT and QUIT, and
 * only a program can undo that.
 */
export const shellScript = `
unset SD_LINE
trap '' PIPE HUP INT TERM
mask=$(umask)
umask 077
for top in /dev/shm /run "\${TMPDIR:-/tmp}" /tmp; do
  dir=$(mktemp -d "$top/.shakedown-XXXXXX" 2>/dev/null) && break
done
[ -n "$dir" ] && mkfifo "$dir/ended" || { printf '\\n%s none\\n' "$token"; exit 1; }
exec 3<>"$dir/ended"
printf '\\n%s ready\\n' "$token"
exec 2>/dev/null
umask "$mask"

one() {
  trap - PIPE HUP INT TERM
  $alone sh "$dir/$1.main"
}

stop() {
  kill -TERM "-$1" || return
  n=0
  while [ $n -lt 20 ] && kill -0 "-$1"; do sleep 0.01 || sleep 1; n=$((n + 1)); done
  kill -KILL "-$1"
}

emit() {
  groups=
  while read -r what id code how keep <&3; do
    case $what in
      b) groups="$groups $id:$code"; echo "b $id $code" ;;
      d)
        echo "d $id $code $how"
        [ -s "$dir/$id.out" ] && head -c "$keep" "$dir/$id.out"
        printf '\\n%s\\n' "$token"
        [ -s "$dir/$id.err" ] && head -c "$keep" "$dir/$id.err"
        printf '\\n%s\\n' "$token"
        left=
        for each in $groups; do [ "\${each%:*}" = "$id" ] || left="$left $each"; done
        groups=$left
        rm -f "$dir/$id".*
        ;;
      q)
        for each in $groups; do stop "\${each#*:}" & done
        wait
        rm -rf "$dir"
        exit
        ;;
    esac
  done
}

alone=
command -v setsid >/dev/null && alone=setsid
env --default-signal=INT,QUIT true && alone="env --default-signal=INT,QUIT $alone"
emit </dev/null &
exec >/dev/null
while read -r word id keep main stdin script; do
  case $word in
    run)
      umask 077
      printf %b "$main" >"$dir/$id.main"
      [ "$stdin" = - ] && stdin=
      printf %b "$stdin" >"$dir/$id.in"
      [ "$script" = - ] || printf %b "$script" >"$dir/$id.script"
      : >"$dir/$id.out" >"$dir/$id.err"
      umask "$mask"
      (
        one "$id" 2>"$dir/$id.how"
        code=$? how=exit
        { [ -s "$dir/$id.how" ] || [ $code = 130 ] || [ $code = 141 ]; } && [ $code -gt 128 ] && how=signal
        echo "d $id $code $how $keep" >&3
      ) &
      ;;
    stop) stop "$id" & ;;
  esac
done
echo q >&3
`
