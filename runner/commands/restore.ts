/** `plan restore`: puts back what a run that was killed, or `--keep`, has left. */

import { existsSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Chalk } from 'chalk'
import { known } from '../base/redact/known.ts'
import type { Output } from '../contracts/errors.ts'
import type { Transport } from '../contracts/transport.ts'
import type { JournalEntry } from '../contracts/undo.ts'
import { formatDuration } from '../contracts/units.ts'
import { uptimeMs } from '../engine/identity.ts'
import { type FoundJournal, openEntries } from '../engine/journal.ts'
import { learnKept } from '../engine/kept-secrets.ts'
import { journalFolder } from '../engine/leftovers.ts'
import { tidyLocks } from '../engine/lock.ts'
import type { Place } from '../engine/place.ts'
import { GIVE_UP_HINT, undoEntry } from '../engine/undo.ts'
import { cleanText } from '../report/plain-text.ts'
import { colorLevel } from './color.ts'
import { type Ground, groundsOf } from './grounds.ts'
import { say } from './say.ts'
import { scanTargets } from './scan.ts'

interface RestoreFlags {
  readonly target?: readonly string[]
  readonly list?: boolean
  readonly force?: boolean
  readonly giveUp?: boolean
  readonly scan?: boolean
  readonly yes?: boolean
  readonly color?: string
}

type Paint = InstanceType<typeof Chalk>

/** Undoes newest first, verifies, and exits with 0, or 4 when something stays. Doing it again is harmless. */
export async function restore(paths: readonly string[], flags: RestoreFlags): Promise<number> {
  const homes = homesOf(paths)
  const paint = new Chalk({ level: colorLevel(flags.color, process.stdout) })
  let [found, left] = [0, 0]
  for (const home of homes)
    for await (const ground of groundsOf(home, flags)) {
      await using transport = ground.transport
      const journals = ground.journals.filter(
        (journal) => entriesOf(journal, flags).length > 0 && isWanted(journal, flags.target),
      )
      found += journals.length
      left += ground.unknown
      for (const journal of journals) left += await restoreJournal(journal, { ...ground, transport }, flags, paint)
    }
  if (!flags.list) for (const folder of [homedir(), ...homes]) tidyLocks(join(folder, '.shakedown', 'locks'))
  if (found + left === 0) say('nothing is left to restore')
  if (flags.scan) left += await scanTargets(homes, flags)
  return left > 0 ? 4 : 0
}

/** Newest first. What somebody else has changed since is theirs, unless that is to be gone over. */
function entriesOf(journal: FoundJournal, { force }: RestoreFlags): readonly JournalEntry[] {
  const drifted = force ? journal.entries.filter(({ state }) => state === 'drifted') : []
  return [...openEntries(journal), ...drifted].sort((a, b) => b.id - a.id)
}

async function restoreJournal(
  journal: FoundJournal,
  ground: Ground,
  flags: RestoreFlags,
  paint: Paint,
): Promise<number> {
  const { head } = journal
  const open = entriesOf(journal, flags)
  say(`run ${head.run}, ${ageOf(journal)}, ${open[0]?.plan ?? head.target}`)
  if (!ground.isOver(journal)) {
    say(`  is still going on (process ${head.pid}${ground.where}): left alone`)
    return flags.list ? open.length : 0
  }
  if (flags.list) {
    for (const entry of open) say(`  ${entry.title} ${paint.dim(`(${entry.does}, ${entry.step}, ${entry.state})`)}`)
    return open.length
  }
  const place = ground.place(journal)
  let left = 0
  for (const entry of open) left += await restoreEntry(ground.transport, place, entry, flags, paint)
  if (left === 0) await ground.tidy(journal)
  return left
}

async function restoreEntry(
  transport: Transport,
  place: Place,
  entry: JournalEntry,
  flags: RestoreFlags,
  paint: Paint,
): Promise<number> {
  if (flags.force) await place.takeUp(entry.id)
  await learnKept(place, entry.id, known)
  const { outcome, message, outputs = [], unverified } = await undoEntry(transport, place, entry, flags.force)
  const words = outcome === 'restored' ? paint.green('restored') : paint.red(outcome)
  const more = message ?? (unverified ? 'not verified: the undo’s exit code had to do' : '')
  const [first, ...lines] = more.split('\n')
  say(`  ${words}: ${entry.title}${first ? ` ${paint.dim(`(${first})`)}` : ''}`)
  for (const line of lines) say(`    ${line}`)
  if (outcome === 'restored') return 0
  for (const line of outputs.flatMap(linesOf)) say(line)
  if (outcome === 'drifted') say(DRIFT_HINT)
  if (!flags.giveUp && outcome === 'failed') say(`    ${GIVE_UP_HINT}`)
  if (!flags.giveUp) return 1
  await place.mark(entry.id, 'undone', 'given up')
  say(`  given up: ${entry.title}: it stays as it is, and nothing watches over it any more`)
  return 0
}

const LAST_LINES = 40

function linesOf({ of, stdout, stderr }: Output): string[] {
  const [out, err] = [stdout, stderr].map((bytes = new Uint8Array()) =>
    cleanText(known.text(Buffer.from(bytes).toString())).trimEnd(),
  )
  const shown = (text = '', stream = '') =>
    text === ''
      ? []
      : [
          `    ${stream} of ${of}`,
          ...text
            .split('\n')
            .slice(-LAST_LINES)
            .map((line) => `      | ${line}`),
        ]
  return [...shown(out, 'stdout'), ...shown(err, 'stderr')]
}

/** The undo has said what is different, where that may be shown. */
const DRIFT_HINT = '    put it back all the same: plan restore --force · leave it: plan restore --give-up'

function isWanted({ head }: FoundJournal, targets: readonly string[] | undefined): boolean {
  return targets === undefined || targets.some((name) => head.target.endsWith(` ${name}`))
}

/** By uptime, since a plan may have been breaking the clock; after a reboot nobody can tell. */
function ageOf({ head }: FoundJournal): string {
  const age = uptimeMs() - head.uptime
  return age >= 0 ? `begun ${formatDuration(age)} ago` : 'begun before the last boot'
}

/** Folders with a `.shakedown/journal` or a targets.yaml, since a host's journals lie there: those named, or all below the working directory. */
function homesOf(paths: readonly string[]): string[] {
  if (paths.length > 0)
    return paths.map((path) => (existsSync(path) && statSync(path).isFile() ? dirname(resolve(path)) : resolve(path)))
  return [...search(process.cwd(), 4)]
}

function* search(folder: string, depth: number): Generator<string> {
  if ([journalFolder(folder), join(folder, 'targets.yaml')].some(existsSync)) yield folder
  if (depth === 0) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
      yield* search(join(folder, entry.name), depth - 1)
}
