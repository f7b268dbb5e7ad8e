/** `plan show`: each step, what it will do, and its undo. Touches nothing. */

import { Chalk } from 'chalk'
import type { PlannedStep } from '../contracts/events.ts'
import type { Case } from '../contracts/plan.ts'
import { accountsOf } from '../plan/accounts.ts'
import { planned } from '../plan/planned-case.ts'
import { type ChoiceFlags, type Chosen, choose } from './choose.ts'
import { colorLevel } from './color.ts'
import { say } from './say.ts'

export async function show(paths: readonly string[], flags: ChoiceFlags): Promise<number> {
  const chosen = await choose(paths, flags)
  const paint = new Chalk({ level: colorLevel(flags.color, process.stdout) })
  for (const kase of chosen.cases) say(caseText(kase, chosen, paint))
  return chosen.cases.length === 0 ? 5 : 0
}

function caseText(kase: Case, chosen: Chosen, paint: InstanceType<typeof Chalk>): string {
  const { steps } = planned(kase, chosen.kinds, chosen.sources)
  const accounts = accountsOf(kase, chosen.kinds)
  const lines = [`${paint.bold(kase.title)} ${paint.dim(`${kase.plan.document.file} on ${kase.target.name}`)}`]
  if (kase.skip) lines.push(`  ${paint.yellow('skipped')} ${kase.skip.reason} (${kase.skip.class})`)
  let phase = ''
  for (const step of steps) {
    if (step.phase !== phase) lines.push(`  ${paint.underline(step.phase)}`)
    phase = step.phase
    lines.push(...stepText(step, accounts.get(step.id) ?? [], paint))
  }
  return `${lines.join('\n')}\n`
}

function stepText(
  step: PlannedStep,
  accounts: readonly { does: string; undo: string; endsBy: string }[],
  paint: InstanceType<typeof Chalk>,
): string[] {
  const depth = (step.id.match(/\//g)?.length ?? 1) - 1
  const indent = '  '.repeat(2 + Math.floor(depth / 2))
  return [
    `${indent}${step.title} ${paint.dim(`${step.kind}, line ${step.line}`)}`,
    ...accounts.flatMap(({ does, undo, endsBy }) => [
      `${indent}  ${paint.yellow('does')}  ${does}`,
      `${indent}  ${paint.green('undo')}  ${undo}${endsBy ? paint.dim(` (ends by ${endsBy})`) : ''}`,
    ]),
  ]
}
