/** Processes of a command's group that go on after it has ended: lists them and ends them. */
import { clip } from '../../base/brief.ts'
import type { Exit, LeftBehind, LeftProcess } from '../../contracts/transport.ts'

const LIMIT = 5_000

type Ask = (
  script: string,
  options: { readonly timeout: number; readonly cwd: string },
) => Promise<Pick<Exit, 'stdout'>>

/** `ask` runs a script of `sh` on the machine. */
export function leftInGroup(group: number, ask: Ask): LeftBehind {
  const options = { timeout: LIMIT, cwd: '/' }
  return {
    look: async () => processesIn((await ask(`${LIST}\nlist ${group}`, options)).stdout),
    end: async (processes) => {
      await ask(`${LIST}\nend ${group} ${processes.map(({ id }) => `"${id}"`).join(' ')}`, options)
    },
  }
}

/** A process that only its held output reveals. */
export const elsewhere: LeftBehind = {
  stays: true,
  look: async () => [{ id: '', says: 'a process with a session of its own that holds its output' }],
  end: async () => undefined,
}

/**
 * `list GROUP` prints `PID START WORDS` of each process of a group. `end GROUP "PID START"…` ends the group, unless none of
 * these is left in it: the number of a group that is gone may belong to somebody else by now. Of /proc/PID/stat only what is
 * behind the last bracket is read, since the name of a command may hold spaces and brackets.
 */
const LIST = `
list() {
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    pid=\${line%% *}
    of "$1" \${line##*) } || continue
    words=$(tr '\\0\\n' '  ' <"/proc/$pid/cmdline" 2>/dev/null)
    echo "$pid $start $words"
  done
}
of() {
  [ "$4" = "$1" ] || return 1
  case $2 in Z | X) return 1 ;; esac
  shift 20
  start=$1
}
end() {
  group=$1
  shift
  living=$(list "$group" | cut -d' ' -f1,2)
  for one in "$@"; do
    case "
$living
" in *"
$one
"*) ;; *) continue ;; esac
    kill -TERM "-$group"
    n=0
    while [ $n -lt 20 ] && kill -0 "-$group"; do sleep 0.01 || sleep 1; n=$((n + 1)); done
    kill -KILL "-$group"
    return 0
  done 2>/dev/null
}`

/** `PID START WORDS`, a line each. */
export function processesIn(stdout: Uint8Array): LeftProcess[] {
  return Buffer.from(stdout)
    .toString()
    .split('\n')
    .flatMap((line) => {
      const [, pid, start, words = ''] = /^(\d+) (\d+) ?(.*)$/.exec(line) ?? []
      if (pid === undefined) return []
      return [{ id: `${pid} ${start}`, says: `${brief(words.trim() || 'a process')} (process ${pid})` }]
    })
}

function brief(words: string): string {
  return clip(words, 80)
}
