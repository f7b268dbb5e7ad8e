/** One mutated file, prepared as `lint` and `show` do it. */

import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parse, stringify } from 'yaml'
import { builtInKinds, kindsFor } from '../../runner/commands/kinds.ts'
import { findingText } from '../../runner/commands/print-error.ts'
import { isError, type Located } from '../../runner/contracts/errors.ts'
import { accountsOf } from '../../runner/plan/accounts.ts'
import { effectOfCase } from '../../runner/plan/effects.ts'
import { planned } from '../../runner/plan/planned-case.ts'
import { prepare } from '../../runner/plan/prepare.ts'
import { compiledValidators } from '../../runner/plan/validators.ts'
import type { Seed } from './corpus.ts'
import { mutateText } from './mutate-text.ts'
import { mutateTree } from './mutate-tree.ts'
import { Random } from './random.ts'

export interface Trial {
  readonly ms: number
  /** Undefined when the file was accepted, or refused with located findings. */
  readonly crash: Error | undefined
  readonly outcome: 'accepted' | 'refused' | 'crashed'
}

/** The mutated text for a number of a seed. */
export function mutant(seeds: readonly Seed[], seed: number, index: number): { of: Seed; text: string } {
  const random = new Random(seed * 1_000_003 + index)
  const of = random.of(seeds)
  return { of, text: random.next() < 0.3 ? mutateText(of.text, random) : mutatedTree(of.text, random) }
}

function mutatedTree(text: string, random: Random): string {
  let tree: unknown
  try {
    // A tree of its own, which one with a cyclic alias is not.
    tree = JSON.parse(JSON.stringify(parse(text, { uniqueKeys: false, merge: true, logLevel: 'silent' })))
  } catch {
    return mutateText(text, random)
  }
  if (typeof tree !== 'object' || tree === null) return mutateText(text, random)
  mutateTree(tree as Record<string, unknown>, random)
  return stringify(tree, { aliasDuplicateObjects: false, lineWidth: 0 })
}

const kinds = builtInKinds()
const validators = compiledValidators(kinds)

/** Prepares a plan while one of its files holds this text, and puts the file back. */
export async function tryMutant(of: Seed, text: string): Promise<Trial> {
  writeFileSync(of.file, text)
  const start = performance.now()
  try {
    const outcome = await prepared(of.plan)
    return { ms: performance.now() - start, crash: undefined, outcome }
  } catch (error) {
    return { ms: performance.now() - start, crash: error as Error, outcome: 'crashed' }
  } finally {
    writeFileSync(of.file, of.text)
  }
}

async function prepared(plan: string): Promise<'accepted' | 'refused'> {
  process.chdir(dirname(plan))
  try {
    const { cases, sources, warnings } = await prepare([plan], {
      kindsFor: async (document) => ((document?.tree as { plugins?: unknown })?.plugins ? kindsFor(document) : kinds),
      validatorsFor: () => validators,
      targets: undefined,
      inputs: [],
      matrix: {},
      grep: undefined,
      tags: undefined,
    })
    for (const kase of cases.slice(0, 3)) {
      planned(kase, kinds, sources)
      accountsOf(kase, kinds)
      effectOfCase(kase, kinds)
    }
    for (const warning of warnings) findingText(warning, 0)
    return 'accepted'
  } catch (error) {
    if (!isError(error, 'plan')) throw error
    if (error.findings.length === 0) throw new Error('a PlanError without a finding')
    for (const finding of error.findings) {
      if (!('frame' in finding)) throw new Error(`not located: ${finding.message}`)
      const { line, column } = (finding as Located).frame
      if (!(line >= 1 && column >= 1)) throw new Error(`located at ${line}:${column}: ${finding.message}`)
      findingText(finding, 0)
    }
    return 'refused'
  }
}
