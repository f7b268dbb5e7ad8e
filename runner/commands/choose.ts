import { UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Sources } from '../contracts/plan.ts'
import { prepare } from '../plan/prepare.ts'
import { compiledValidators, type Validators } from '../plan/validators.ts'
import { type ColorLevel, colorLevel } from './color.ts'
import { kindsFor } from './kinds.ts'
import { findingText } from './print-error.ts'

/** Flags that choose which cases are meant. */
export interface ChoiceFlags {
  readonly grep?: string
  readonly tag?: readonly string[]
  readonly target?: readonly string[]
  readonly input?: readonly string[]
  readonly matrix?: readonly string[]
  readonly color?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
}

export interface Chosen {
  readonly cases: readonly Case[]
  readonly sources: Sources
  readonly kinds: Kinds
  readonly validators: Validators
  readonly color: ColorLevel
}

/** Loads, checks and expands what the command line names; notes and warnings go to stderr. Throws a PlanError with all that is wrong. */
export async function choose(paths: readonly string[], flags: ChoiceFlags): Promise<Chosen> {
  const color = colorLevel(flags.color, process.stderr)
  const prepared = await prepare([...paths], {
    kindsFor,
    validatorsFor: compiledValidators,
    targets: flags.target,
    inputs: flags.input ?? [],
    matrix: pairs(flags.matrix, '--matrix'),
    grep: flags.grep,
    tags: flags.tag,
  })
  for (const warning of prepared.warnings) process.stderr.write(`${findingText(warning, color)}\n`)
  if (!flags.quiet) for (const note of prepared.notes) process.stderr.write(`note: ${note}\n`)
  return { ...prepared, color }
}

function pairs(said: readonly string[] = [], flag: string): Record<string, string> {
  return Object.fromEntries(
    said.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`${flag} ${text}: write NAME=VALUE`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}
