/** What all changes of a unit have in common. */
import { constants } from 'node:os'
import { CheckFailure, messageOf, TargetError } from '../../../contracts/errors.ts'
import type { Undo } from '../../../contracts/undo.ts'
import { lastLines } from './journal.ts'
import type { KnownUnit } from './known.ts'
import type { Asking } from './machine.ts'
import { isUp, type Unit } from './unit.ts'

const SETTLES = 10_000
/** systemd gives a unit 90 s to stop, and as much to start, unless it says otherwise. */
const SCRIPT_LIMIT = 240_000

export type Parts = Pick<Undo, 'title' | 'sh' | 'verify'> & Partial<Pick<Undo, 'ends'>>

export function about({ name }: KnownUnit, does: string, undo?: Parts) {
  const touches = [{ service: name }]
  if (!undo) return { does, touches, without: 'not-needed' } as const
  return { does, touches, undo: { of: 'fault', settles: SETTLES, touches, ends: { by: 'undo' }, ...undo } } as const
}

/** Throws a CheckFailure: what does not run can't be broken. */
export async function running(known: KnownUnit): Promise<Unit> {
  const now = await known.look()
  if (isUp(now)) return now
  const { active, sub } = now
  throw new CheckFailure(`${known.name} is not running: ${known.unit} is ${active} (${sub})`, {
    hint: 'start it or restore it first',
  })
}

/** `KILL`, as systemctl and every shell know it. */
export function signalOf(name: string): string {
  const bare = name.replace(/^SIG/i, '').toUpperCase()
  if (`SIG${bare}` in constants.signals) return bare
  throw new CheckFailure(`there is no signal "${name}"`)
}

/** Throws a TargetError with the unit's last lines. */
export async function apply({ machine, unit, name }: KnownUnit, script: string, options: Asking): Promise<void> {
  try {
    await machine.ask(script, { timeout: SCRIPT_LIMIT, ...options })
  } catch (error) {
    if (options.signal?.aborted) throw error
    const logs = [{ service: name, lines: await lastLines(machine, unit) }]
    throw new TargetError(messageOf(error), { cause: error, details: { logs } })
  }
}
