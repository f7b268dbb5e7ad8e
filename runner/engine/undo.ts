/** Undoes one entry of a journal from its files: the one path for a normal end, an interrupted run and `plan restore`. */
import { lastLines } from '../base/brief.ts'
import { known } from '../base/redact/known.ts'
import type { Output } from '../contracts/errors.ts'
import type { RestoreOutcome } from '../contracts/events.ts'
import type { Exit, Transport } from '../contracts/transport.ts'
import { AWAY, DRIFTED, FORCE, NOTE } from '../contracts/undo.ts'
import { fileOf } from './journal.ts'
import type { Place } from './place.ts'

/** How often an undo is tried. */
export const TRIES = 3
const PAUSE_BETWEEN_TRIES = 1_000
/** How long each try may take, in ms. */
export const UNDO_LIMIT = 5 * 60_000
/** How long who has to be asked may be away. */
const AWAY_LIMIT = 60_000
const ASK_AGAIN = 500
const VERIFY_LIMIT = 10_000
const DEFAULT_SETTLES = 10_000

/** An undo that never works again must not refuse every later run. */
export const GIVE_UP_HINT =
  'once its cause is mended, `plan restore` undoes it; when what it changed is gone for good (its stack, container or file), `plan restore --give-up` takes it off the list'

export interface Undone {
  readonly outcome: Exclude<RestoreOutcome, 'kept'>
  readonly message?: string
  /** The output of the undo and its verify, when it failed. */
  readonly outputs?: readonly Output[]
  /** There was no verify script: the undo's exit code had to do. */
  readonly unverified: boolean
}

/** Runs `NNNN.sh` (with `force` also over somebody else's change), then `NNNN.verify` until it agrees, up to three times, and writes down how it ended. */
export async function undoEntry(
  transport: Transport,
  place: Place,
  entry: { readonly id: number; readonly settles?: number | undefined },
  force = false,
): Promise<Undone> {
  await place.mark(entry.id, 'undoing')
  const undone = await attempt(transport, place, entry, force)
  const message = undone.message === undefined ? undefined : known.text(undone.message)
  await place.mark(entry.id, undone.outcome === 'restored' ? 'undone' : undone.outcome, message)
  return { ...undone, ...(message === undefined ? {} : { message }) }
}

/** What was on its way when the change was given up may arrive after its undo, so what can't be proven is undone again. */
async function attempt(
  transport: Transport,
  place: Place,
  entry: { readonly id: number; readonly settles?: number | undefined },
  force: boolean,
): Promise<Undone> {
  for (let tried = 1; ; tried++) {
    const { undone, unproven } = await once(transport, place, entry, force)
    if (!unproven || tried === TRIES) return undone
  }
}

async function once(
  transport: Transport,
  place: Place,
  { id, settles = DEFAULT_SETTLES }: { readonly id: number; readonly settles?: number | undefined },
  force: boolean,
): Promise<{ undone: Undone; unproven?: boolean }> {
  const verify = fileOf(place.folder, id, 'verify')
  const unverified = !(await place.has(id, 'verify'))
  const ran = await runThrice(transport, fileOf(place.folder, id, 'sh'), force)
  if (ran.code === DRIFTED) {
    const message = wordsOf(ran) || 'changed by somebody else meanwhile'
    return { undone: { outcome: 'drifted', message, unverified } }
  }
  if (ran.code !== 0) {
    const message = `the undo failed: ${tail(ran) || `exit ${ran.code}`}`
    return { undone: { outcome: 'failed', message, outputs: [outputOf('the undo', ran)], unverified } }
  }
  const restored: Undone = { outcome: 'restored', unverified, ...noteIn(ran) }
  if (unverified) return { undone: restored }
  const proof = await proveWithin(transport, verify, settles)
  if (proof.code === 0) return { undone: restored }
  const message = `undone, but it can't be proven: ${tail(proof) || `verify exits with ${proof.code}`}`
  const outputs = [outputOf('the undo', ran), outputOf('its verify', proof)]
  return { undone: { outcome: 'failed', message, outputs, unverified }, unproven: true }
}

/** Who is away gets time to come back; that is no try. */
async function runThrice(transport: Transport, script: string, force: boolean): Promise<Exit> {
  const env = force ? { [FORCE]: '1' } : undefined
  const start = performance.now()
  for (let tried = 1; ; ) {
    const exit = await runFile(transport, script, UNDO_LIMIT, env)
    const away = isAway(exit, start)
    if (exit.code === 0 || exit.code === DRIFTED || (!away && tried === TRIES)) return exit
    if (!away) tried++
    await Bun.sleep(away ? ASK_AGAIN : PAUSE_BETWEEN_TRIES)
  }
}

async function proveWithin(transport: Transport, script: string, settles: number): Promise<Exit> {
  const start = performance.now()
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    const exit = await runFile(transport, script, VERIFY_LIMIT)
    if (exit.code === 0 || (performance.now() - start > settles && !isAway(exit, start))) return exit
    await Bun.sleep(pause)
  }
}

function isAway({ code }: Exit, since: number): boolean {
  return code === AWAY && performance.now() - since < AWAY_LIMIT
}

/** Under a signal of its own: nothing that ends a step or a run may end an undo. */
function runFile(
  transport: Transport,
  script: string,
  timeout: number,
  env?: Readonly<Record<string, string>>,
): Promise<Exit> {
  return transport.exec({ argv: ['sh', script] }, { cwd: '/', timeout, env }, new AbortController().signal)
}

function noteIn({ stdout }: Exit): { message?: string } {
  const lines = Buffer.from(stdout).toString().split('\n')
  const notes = lines.filter((line) => line.startsWith(NOTE)).map((line) => line.slice(NOTE.length))
  return notes.length === 0 ? {} : { message: notes.join('; ') }
}

function wordsOf({ stderr, stdout }: Exit): string {
  return Buffer.from(stderr).toString().trim() || Buffer.from(stdout).toString().trim()
}

function outputOf(of: string, { stdout, stderr }: Exit): Output {
  return { of, stdout, stderr }
}

function tail(exit: Exit): string {
  return lastLines(wordsOf(exit), 3)
}
