/**
 * Puts back what a run has changed when the run is gone: newest first, from the journal's files alone. Two processes of POSIX
 * `sh`, each able to do it alone: one reads its stdin, whose end means that the runner was killed or cut off; the other counts
 * seconds since the last `beat`, for a runner that is stopped or a link that is silently dead. `mkdir claim` decides who goes
 * first, and the renamed folder keeps a runner that comes back from changing anything more.
 *
 * Arguments: the folder of the journal, how many seconds without a beat are too many, and a work folder that goes with it.
 * Traps that were measured: dash has no `read -t`; a trapped signal ends a `read`; a write to a runner that is dead must not
 * end us (PIPE); `echo` into a pipe nobody reads any more is an error and no end.
 */
export const guardianScript = `
trap '' PIPE INT TERM HUP
folder=$1 lease=$2 work=$3
claimed=$folder.claimed
cd / || exit 1

uptime() { sed 's/ .*//; s/\\.//; s/$/0/' /proc/uptime 2>/dev/null || echo 0; }
mark() {
  printf '\\n{"id":%d,"state":"%s","uptime":%d,"by":"guardian"}\\n' "$(expr "$1" + 0)" "$2" "$(uptime)" >>"$claimed/journal.jsonl"
}

# A change whose normal state can't be proven stays open.
undo_one() {
  mark "$1" undoing
  # On a full disk what it says is not kept.
  out=$claimed/$1.out
  true 2>/dev/null >"$out" || out=/dev/null
  sh "$claimed/$1.sh" </dev/null >"$out" 2>&1
  code=$?
  if [ $code = 65 ]; then
    mark "$1" drifted
    mv "$claimed/$1.sh" "$claimed/$1.sh.drifted"
    return 0
  fi
  if [ $code = 0 ] && proven "$1"; then
    mark "$1" undone
    rm -f "$claimed/$1".*
    told "$1" | grep -q '"of":"stack"' && gone_with
    return 0
  fi
  mark "$1" failed
  return 1
}

# The line that tells of a change first.
told() { grep '"id":'"$(expr "$1" + 0)"',"state":"intent"' "$claimed/journal.jsonl"; }

# What was a piece of the stack is gone with it: to undo it later would make it again.
gone_with() {
  for other in $(scripts); do
    told "$other" | grep -q '"goesWithStack":true' || continue
    mark "$other" undone
    rm -f "$claimed/$other".*
  done
}

proven() {
  [ -e "$claimed/$1.verify" ] || return 0
  n=0
  while [ $n -lt 50 ]; do
    sh "$claimed/$1.verify" </dev/null >"$out" 2>&1 && return 0
    n=$((n + 1))
    sleep 0.2
  done
  return 1
}

scripts() { ls -r "$claimed" 2>/dev/null | sed -n 's/^\\([0-9][0-9]*\\)\\.sh$/\\1/p'; }

# What was under way when the runner went is ended, or would be made after it was undone. A request to a daemon can't be
# called back: it gets a moment.
settle() {
  for one in $(cat "$claimed/running" 2>/dev/null); do kill -TERM "-$one" 2>/dev/null; done
  [ -s "$claimed/running" ] && sleep 0.2
  for one in $(cat "$claimed/running" 2>/dev/null); do kill -9 "-$one" 2>/dev/null; done
  tail -n 1 "$claimed/journal.jsonl" | grep -q '"state":"intent"' && sleep 1
}

undo_all() {
  settle
  pause=1
  while :; do
    for one in $(scripts); do undo_one "$one"; done
    [ -z "$(scripts)" ] && break
    [ $pause -gt 64 ] && return 1
    sleep $pause
    pause=$((pause * 2))
  done
  ls "$claimed"/*.drifted >/dev/null 2>&1 || rm -rf "$claimed"
  [ -z "$work" ] || rm -rf "$work"
  # On a host nothing of ours stays, where it is empty.
  [ -n "$work" ] || rmdir "\${folder%/*}" "\${folder%/*/*}" 2>/dev/null
  return 0
}

# Fails when another one has it, or there is nothing to have.
claim() {
  mkdir "$folder/claim" 2>/dev/null || return 1
  echo "$1" >"$folder/claim/pid"
  mv "$folder" "$claimed"
}

# Pids are used again: only a process that has our folder among its arguments is one of us.
end() { ps -o args= -p "$1" 2>/dev/null | grep -qF "$folder" && kill -9 "$1" 2>/dev/null; }

living() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

tick() {
  last= missed=0
  while sleep 1; do
    if [ -d "$claimed" ]; then
      living "$(cat "$claimed/claim/pid" 2>/dev/null)" || { echo "$me" >"$claimed/claim/pid"; undo_all; exit 0; }
      continue
    fi
    [ -d "$folder" ] || exit 0
    now=$(cat "$folder/beat" 2>/dev/null)
    if [ "$now" = "$last" ]; then missed=$((missed + 1)); else missed=0 last=$now; fi
    [ $missed -lt "$lease" ] && continue
    claim "$me" && { undo_all; end "$reader"; exit 0; }
  done
}

reader=$$
# A subshell does not know its own pid by $$.
( me=$(exec sh -c 'echo $PPID'); exec 3<&-; tick ) </dev/null >/dev/null 2>&1 &
ticker=$!
echo "$reader $ticker" >>"$folder/guardians"
echo "ready $ticker"
exec >/dev/null 2>&1
n=0 groups=
while read -r word group; do
  case $word in
    run) groups="$groups $group"; echo "$groups" >"$folder/running" ;;
    end)
      left=
      for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
      groups=$left
      echo "$groups" >"$folder/running"
      ;;
    beat) n=$((n + 1)); echo "$reader-$n" >"$folder/beat" ;;
    # The other half may be at work for a runner that came back too late: it is left to end by itself.
    done) [ -d "$claimed" ] || kill -9 "$ticker" 2>/dev/null; exit 0 ;;
  esac
done
claim "$reader" && undo_all
kill -9 "$ticker" 2>/dev/null
exit 0
`
