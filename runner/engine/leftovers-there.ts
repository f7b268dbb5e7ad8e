/** Journals that lie on another machine: they tell what is left there, whoever's run it was. */
import { rmSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { Transport } from '../contracts/transport.ts'
import { hostname, isAlive } from './identity.ts'
import {
  CLAIMED,
  type FoundJournal,
  isClaimed,
  journalsIn,
  LOG,
  openEntries,
  parseJournal,
  removeJournal,
  UNTOLD,
} from './journal.ts'
import { journalFolder } from './leftovers.ts'
import { journalsFolderOf, There } from './place-there.ts'

export interface FoundThere extends FoundJournal {
  /** A guardian is alive: it waits for its runner, or is putting things back. */
  readonly guarded: boolean
}

const GUARDIAN_LIMIT = 60_000
const LIMIT = 60_000

/** Pids are used again: only a process that has the folder among its arguments is a guardian of it. */
const LIST = `
cd "$folder" 2>/dev/null || exit 0
for name in *; do
  [ -f "$name/${LOG}" ] || continue
  guarded=no
  for pid in $(cat "$name/guardians" 2>/dev/null); do
    { cat "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "\${name%${CLAIMED}}" && guarded=yes
  done
  printf '\\n# %s %s\\n' "$name" "$guarded"
  head -n 1 "$name/${LOG}"
  for script in "$name"/[0-9]*.sh; do
    id=\${script##*/}
    # A change whose undo lies there, and that a torn line, or none, tells of.
    [ -e "$script" ] && printf '{"id":%d,"state":"intent","title":"${UNTOLD}","does":"a change","step":"not told"}\\n' "$(expr "\${id%.sh}" + 0)"
  done
  tail -n +2 "$name/${LOG}"
done`

/** All journals of the machine, of whichever target and run. Throws a TargetError when it can't be asked. */
export async function journalsThere(transport: Transport): Promise<FoundThere[]> {
  const folder = journalsFolderOf(transport)
  const never = new AbortController().signal
  const exit = await transport.exec({ sh: LIST, set: { folder } }, { timeout: LIMIT, cwd: '/' }, never)
  if (exit.timedOut) throw new TargetError(`${transport.address} did not tell of its journals in time`)
  const sections = Buffer.from(exit.stdout).toString().split(/^# /m).slice(1)
  return sections.flatMap((section) => {
    const [head = '', ...lines] = section.split('\n')
    const [name = '', guarded] = head.split(' ')
    const found = parseJournal(lines.join('\n'), posix.join(folder, name))
    return found ? [{ ...found, guarded: guarded === 'yes' }] : []
  })
}

/** Of a runner on another machine only its guardian tells whether it goes on. */
export function isOverThere(journal: FoundThere): boolean {
  if (isClaimed(journal)) return true
  return journal.head.host === hostname() ? !isAlive(journal.head) : !journal.guarded
}

/** What is left of runs that are over, once their guardians are done; what was finished is tidied up. Tells of the first wait. */
export async function leftThere(
  transport: Transport,
  home: string,
  target: string,
  told: (run: string) => void = () => undefined,
): Promise<FoundThere[]> {
  const start = performance.now()
  for (let first = true; ; first = false) {
    const own = (await journalsThere(transport)).filter(({ head }) => head.target === target)
    forgetGone(home, target, own)
    const over = own.filter(isOverThere)
    const busy = over.find((journal) => journal.guarded && openEntries(journal).length > 0)
    if (busy && performance.now() - start < GUARDIAN_LIMIT) {
      if (first) told(busy.head.run)
      await Bun.sleep(50)
      continue
    }
    for (const one of over.filter(isDone)) await tidyThere(transport, home, one)
    return own.filter((one) => !(isOverThere(one) && isDone(one)))
  }
}

function isDone({ entries }: FoundJournal): boolean {
  return entries.every(({ state }) => state === 'undone')
}

/** The journal there, its record here, and the work files of its case. */
export async function tidyThere(transport: Transport, home: string, journal: FoundJournal): Promise<void> {
  await new There(transport, journal.folder).remove()
  forget(join(journalFolder(home), basename(journal.folder).replace(CLAIMED, '')))
}

/** Records of this machine that tell of other ones. */
export function recordsOf(home: string): readonly FoundJournal[] {
  return journalsIn(journalFolder(home)).filter(({ head }) => head.there !== undefined)
}

/** A guardian that has undone everything takes the journal with it; the record here can't know. */
function forgetGone(home: string, target: string, found: readonly FoundThere[]): void {
  const names = new Set(found.map(({ folder }) => basename(folder).replace(CLAIMED, '')))
  for (const { folder, head } of recordsOf(home))
    if (head.target === target && !isAlive(head) && !names.has(basename(folder))) forget(folder)
}

function forget(record: string): void {
  removeJournal(record)
  rmSync(join(dirname(dirname(record)), 'work', basename(record)), { recursive: true, force: true })
}
