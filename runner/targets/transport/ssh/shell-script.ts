/**
 * A shell on the host that takes many commands over one channel, each in a session of its own. It is told, line by line:
 *
 *     text SLOT NAME             and a line for `printf %b`, which is added to a file of the slot: `in`, `script`
 *     put SLOT NAME BYTES        and so many bytes, which are added
 *     run SLOT KEEP BLOCKS       and a line of shell, which execs the command: KEEP bytes of each output are told
 *     stop GROUP                 ends a process group: TERM, and KILL after 0.2 s
 *     drop SLOT                  forgets what came for a command that is not run after all
 *     take SLOT KEEP             tells what there is of the outputs, though somebody still holds them
 *
 * and answers `begun SLOT GROUP`, `exit SLOT CODE HOW`, `cut SLOT 0 NAME` (the output `out` or `err` was longer), `left SLOT GROUP` (some of its group go on), `full SLOT` (not run: there is no
 * space) and `done SLOT`, followed by stdout, the token, stderr, and the token. Lengths would be wrong when a child that
 * goes on still appends. The end of stdin ends everything that runs.
 *
 * Traps that were measured: outputs that are files lose what they had at `echo x >/dev/stderr`, so each goes through a
 * FIFO, and its reader keeps no more than BLOCKS of 512 bytes, since the files may lie in memory; a slot and its FIFOs are
 * used again, since making and removing them costs more than the command; `wait` tells 128 + N for a signal as for an exit
 * code, so the shell's own message about a foreground child tells them apart (there is none for INT and PIPE, and none of bash at all, where
 * `exit 143` counts as ended by TERM); a reader and a
 * writer on the FIFO of answers, or opening it blocks; commands must not inherit it, or they could keep it; what runs in the
 * background ignores INT and QUIT, and only a program can undo that (where there is neither GNU's `env` nor perl, they stay
 * ignored); `head -c` of BusyBox reads more of a pipe than it is
 * asked for, so `ready` tells whether this one does; one that can't write stops to read, and what it left would be taken for
 * requests; children are zombies until they are waited for.
 */
export const shellScript = `
unset SD_LINE
mask=$(umask)
blocks=$(ulimit -S -f)
umask 077
for top in /dev/shm /run "\${TMPDIR:-/tmp}" /tmp; do
  dir=$(mktemp -d "$top/.shakedown-XXXXXX" 2>/dev/null) || continue
  mkfifo "$dir/told" && echo >"$dir/full" && [ -s "$dir/full" ] && break
  rm -rf "$dir"
  dir=
done 2>/dev/null
[ -n "$dir" ] || { printf '\\n%s none\\n' "$token"; exit 1; }
nl='
'
exec 4<>"$dir/told"
exact=ready
[ "$(printf abcdef | { head -c 3 >/dev/null 2>&1; cat; })" = def ] && exact=exact
alone=
command -v setsid >/dev/null && alone=setsid
if env --default-signal=INT,QUIT true 2>/dev/null; then
  become() { exec $alone env --default-signal=INT,QUIT "$@"; }
elif perl -e 1 2>/dev/null; then
  become() { exec $alone perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec { $ARGV[0] } @ARGV; exit 126' "$@"; }
else
  become() { exec $alone "$@"; }
fi

there() {
  command -v "$1" >/dev/null 2>&1 && return
  case $1 in */*) [ -e "$1" ] && { echo "$1: permission denied" >&2; exit 126; } ;; esac
  echo "$1: not found" >&2
  exit 127
}

keep() {
  cat >"$dir/$1" && exit
  echo "cut \${1%.*} 0 \${1##*.}" >&4
  exec cat >/dev/null
}

begin() {
  { read -r group rest </proc/self/stat; } 2>/dev/null || group=$(exec sh -c 'echo $PPID')
  echo "$group" >"$dir/$1.group"
  echo "begun $1 $group" >&4
  exec 4>&-
  ulimit -S -f "$blocks"
  umask "$mask"
}

run() {
  exec </dev/null >/dev/null 2>"$dir/$1.how"
  [ -p "$dir/$1.to-err" ] || mkfifo "$dir/$1.to-out" "$dir/$1.to-err"
  ulimit -S -f "$3"
  keep "$1.out" <"$dir/$1.to-out" 2>/dev/null &
  out=$!
  keep "$1.err" <"$dir/$1.to-err" 2>/dev/null &
  err=$!
  [ -n "$alone" ] || set -m
  ( begin "$1"; slot=$dir/$1; eval "$4" ) >"$dir/$1.to-out" 2>"$dir/$1.to-err"
  code=$? how=exit
  { read -r group <"$dir/$1.group" && kill -0 "-$group" && echo "left $1 $group" >&4; } 2>/dev/null
  { [ -s "$dir/$1.how" ] || [ -n "$BASH_VERSION" ] || [ $code = 130 ] || [ $code = 141 ]; } && [ $code -gt 128 ] && how=signal
  : >"$dir/$1.group"
  echo "exit $1 $code $how" >&4
  wait $out $err
  echo "done $1 $2" >&4
}

stop() {
  kill -TERM "-$1" || return
  n=0
  while [ $n -lt 20 ] && kill -0 "-$1"; do sleep 0.01 || sleep 1; n=$((n + 1)); done
  kill -KILL "-$1"
}

tell() {
  while read -r word slot value how; do
    case $word in
      done | take)
        echo "done $slot"
        [ -s "$dir/$slot.out" ] && head -c "$value" <"$dir/$slot.out"
        printf %s "$token"
        [ -s "$dir/$slot.err" ] && head -c "$value" <"$dir/$slot.err"
        for name in out err in script; do : >"$dir/$slot.$name"; done
        [ $word = done ] || rm -f "$dir/$slot".*
        printf %s "$token"
        ;;
      *) echo "$word $slot $value $how" ;;
    esac
  done
}

stop_all() {
  for file in "$dir"/*.group; do
    [ -s "$file" ] && read -r group <"$file" && stop "$group" &
  done
  wait $!
}

# Whoever is about to open a FIFO would wait for its other end for ever: it is open while it goes, and nothing begins after.
end() {
  stop_all
  for fifo in "$dir"/*.to-*; do [ -p "$fifo" ] && rm -f "$fifo" 7<>"$fifo"; done
  stop_all
  kill -KILL $teller
  rm -rf "$dir" || rm -rf "$dir"
}

printf '\\n%s %s\\n' "$token" "$exact"
tell <&4 &
teller=$!
while read -r word slot a b; do
  case $word in
    text) IFS= read -r line; printf %b "$line" >>"$dir/$slot.$a" || eval "full$slot=yes" ;;
    put) head -c "$b" | { cat >>"$dir/$slot.$a" || { cat >/dev/null; false; }; } || eval "full$slot=yes" ;;
    run)
      IFS= read -r line
      eval "full=\\$full$slot"
      [ -z "$full" ] || { eval "full$slot="; rm -f "$dir/$slot".*; echo "full $slot" >&4; continue; }
      eval "before=\\$run$slot"
      [ -z "$before" ] || wait "$before"
      run "$slot" "$a" "$b" "$line" &
      eval "run$slot=$!"
      ;;
    stop) stop "$slot" </dev/null >/dev/null & ;;
    drop) eval "full$slot="; rm -f "$dir/$slot".* ;;
    take) eval "kill -KILL \\$run$slot"; echo "take $slot $a" >&4 ;;
  esac
done 2>/dev/null
exec >/dev/null 2>&1
trap '' HUP INT TERM
end
`
