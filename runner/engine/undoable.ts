/** `undo` and `verify` beside a step that changes: the step becomes a change like any other, journalled first. */
import type { Command } from '../contracts/command.ts'
import { CheckFailure } from '../contracts/errors.ts'
import { command } from '../contracts/params.ts'
import type { Reading } from '../contracts/probe.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import type { Context, StepKind } from '../contracts/step.ts'
import type { Change, Effective } from '../contracts/undo.ts'
import { bind } from '../plan/bind.ts'
import type { Running } from './context.ts'
import type { Planned } from './flow.ts'
import { limitOf, type World } from './world.ts'

export interface Undoable {
  readonly planned: Planned
  readonly kind: StepKind
  readonly params: unknown
  readonly names: Readonly<Record<string, unknown>>
  act(): Promise<Reading | undefined>
  readonly running: Running
  readonly world: World
  readonly context: Context
}

/** Runs the step, as a change when the plan says how to undo it. */
export async function undoableChange(step: Undoable): Promise<Reading | undefined> {
  const { undo, verify } = step.planned.common
  if (undo === undefined || undo === 'none') {
    sayNotUndoable(step)
    return step.act()
  }
  let reading: Reading | undefined
  const change = await changeOf(
    step,
    bound(step, undo),
    verify === undefined ? undefined : bound(step, verify),
    async () => {
      reading = await step.act()
    },
  )
  if (verify !== undefined) await demandNormal(step, change)
  await step.context.change(change)
  return reading
}

async function changeOf(
  step: Undoable,
  undo: Command,
  verify: Command | undefined,
  apply: () => Promise<void>,
): Promise<Change> {
  const { running } = step
  const { title } = running
  const inside = insideOf(step)
  return {
    does: title,
    touches: [{ target: true }],
    undo: {
      of: 'change',
      title: `${title} is undone`,
      settles: 10_000,
      touches: [{ target: true }],
      ends: { by: 'undo' },
      ...(await running.target.commandUndo(undo, verify, { in: inside })),
    },
    apply,
    ...(verify === undefined ? {} : { inEffect: () => brokenNow(step, verify) }),
  }
}

/** `verify` is one script for both directions: it tells that the normal state holds, so it must succeed before. */
async function demandNormal(step: Undoable, change: Change): Promise<void> {
  const seen = await change.inEffect?.(step.running.signal)
  if (seen?.yes)
    throw new CheckFailure('`verify` fails before anything was changed: the normal state does not hold', {
      place: step.planned.place,
      last: seen.evidence,
    })
}

/** The service that the step's command runs in: its undo runs there, too. */
function insideOf({ params }: Undoable): string | undefined {
  const inside = (params as { in?: unknown } | null)?.in
  return typeof inside === 'string' ? inside : undefined
}

async function brokenNow(step: Undoable, verify: Command): Promise<Effective> {
  const timeout = limitOf(step.world.kase.target, undefined, 'probe', '5s')
  const { code } = await step.running.target.exec(verify, { timeout, in: insideOf(step) })
  return code === 0
    ? { yes: false, why: '`verify` still succeeds: it changed nothing that `verify` would see' }
    : { yes: true, evidence: `verify exits with ${code}` }
}

function bound(step: Undoable, raw: unknown): Command {
  const at = placeOf(step.planned.raw) ?? step.planned.place
  const key = raw === step.planned.common.undo ? 'undo' : 'verify'
  return bind(command('undo'), raw, step.names, step.world.hands.kinds, placeAt(at, key)) as Command
}

function sayNotUndoable({ kind, planned, running, world }: Undoable): void {
  const effect = typeof kind.effect === 'function' ? kind.effect(planned.params) : kind.effect
  if (!kind.undoable || effect !== 'changes') return
  const without = planned.common.undo === 'none' ? 'undo: none' : 'not undoable'
  world.emit({
    is: 'change',
    case: world.kase.id,
    step: running.id,
    entry: 0,
    state: 'applied',
    does: running.title,
    without,
  })
}
