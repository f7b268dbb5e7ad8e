import { type Located, UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { Case, Sources } from '../contracts/plan.ts'
import { prepare } from '../plan/prepare.ts'
import { compiledValidators, type Validators } from '../plan/validators.ts'
import { colorLevel } from './color.ts'
import { kindsFor } from './kinds.ts'
import { sayError } from './say.ts'

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
}

/** Loads, checks and expands what the command line names; notes and warnings go to stderr. Throws a PlanError with all that is wrong. */
export async function choose(paths: readonly string[], flags: ChoiceFlags): Promise<Chosen> {
  const prepared = await prepare([...paths], {
    kindsFor,
    validatorsFor: compiledValidators,
    targets: flags.target,
    inputs: flags.input ?? [],
    matrix: pairs(flags.matrix, '--matrix'),
    grep: flags.grep,
    tags: flags.tag,
  })
  if (prepared.warnings.length > 0) await printWarnings(prepared.warnings, flags)
  if (!flags.quiet) for (const note of prepared.notes) sayError(`note: ${note}`)
  return prepared
}

async function printWarnings(warnings: readonly Located[], { color }: ChoiceFlags): Promise<void> {
  const { findingText } = await import('./print-error.ts')
  const level = colorLevel(color, process.stderr)
  for (const warning of warnings) sayError(findingText(warning, level))
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
