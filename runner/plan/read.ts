/** Validated documents → plans and fragments. */
import { dirname, join } from 'node:path'
import { isError, PlanError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Document, Input, Plan } from '../contracts/plan.ts'
import { placeAt, placeOf } from '../contracts/source.ts'
import type { Fragment } from '../contracts/step.ts'
import { loadDocument } from './load.ts'
import { wrong } from './schema-errors.ts'
import { validateFragment } from './validate.ts'
import type { Validators } from './validators.ts'
import { everyStep, stepParts } from './walk.ts'

export interface Reading {
  readonly kinds: Kinds
  readonly validators: Validators
  /** Told of every document that is read, so that places in it can be shown. */
  seen(document: Document): void
}

const NONE: PlainSteps = []

export function readPlan(document: Document, by: Reading): Plan {
  const tree = document.tree as Record<string, unknown>
  const { target } = tree as { target?: string | string[] | { name?: string; variables?: Record<string, unknown> } }
  const steps = (key: string) => (tree[key] ?? NONE) as PlainSteps
  const lists = {
    steps: steps('steps'),
    onFailure: steps('on-failure'),
    always: steps('always'),
    lastResort: steps('last-resort'),
  }
  return {
    document,
    place: { file: document.file, path: [] },
    title: String(tree['plan']),
    description: tree['description'] as string | undefined,
    tags: (tree['tags'] ?? []) as string[],
    covers: (tree['covers'] ?? []) as string[],
    targets: typeof target === 'string' ? [target] : Array.isArray(target) ? target : target?.name ? [target.name] : [],
    targetVariables: typeof target === 'object' && !Array.isArray(target) ? (target.variables ?? {}) : {},
    inputs: (tree['inputs'] ?? {}) as Record<string, Input>,
    variables: (tree['variables'] ?? {}) as Record<string, unknown>,
    secrets: (tree['secrets'] ?? {}) as Plan['secrets'],
    requires: (tree['requires'] ?? []) as Plan['requires'],
    matrix: tree['matrix'] as Record<string, unknown> | undefined,
    baseline: (tree['baseline'] ?? []) as Plan['baseline'],
    lock: tree['lock'] as Plan['lock'],
    timeout: tree['timeout'] as string | undefined,
    ...lists,
    fragments: fragmentsOf(
      [...lists.steps, ...lists.onFailure, ...lists.always, ...lists.lastResort],
      document.file,
      by,
      [],
    ),
  }
}

/** Fragments by the path as it is written; `open` are the files that lead here, so that none holds itself. */
function fragmentsOf(steps: PlainSteps, from: string, by: Reading, open: readonly string[]): Map<string, Fragment> {
  const fragments = new Map<string, Fragment>()
  for (const step of everyStep(steps, by.kinds)) {
    const { kind, params, place } = stepParts(step, by.kinds)
    const include = by.kinds.steps.get(kind)?.includes?.(params)
    if (!include || fragments.has(include.path)) continue
    const at = placeAt(placeOf(step) ?? place, kind, ...include.at)
    const file = fileOf(include.path, from)
    if (open.includes(file))
      throw new PlanError([wrong(at, 'cyclic-fragment', `${include.path} uses itself`, 'a fragment can’t hold itself')])
    fragments.set(include.path, readFragment(file, at, by, [...open, file]))
  }
  return fragments
}

/** A path beside the file it stands in, else a file of an npm package. */
function fileOf(path: string, from: string): string {
  if (path.startsWith('.') || path.startsWith('/') || !path.includes('/')) return join(dirname(from), path)
  try {
    return Bun.resolveSync(path, join(process.cwd(), dirname(from)))
  } catch {
    return join(dirname(from), path)
  }
}

function readFragment(file: string, at: Parameters<typeof wrong>[0], by: Reading, open: readonly string[]): Fragment {
  let document: Document
  try {
    document = loadDocument(file)
  } catch (error) {
    if (isError(error, 'plan') && error.findings.some(({ code }) => code === 'file'))
      throw new PlanError([
        wrong(
          at,
          'no-fragment',
          `the fragment ${file} ${error.findings[0]?.message.replace(/^can't read it: /, "can't be read: ")}`,
          'paths are relative to this file',
        ),
      ])
    throw error
  }
  by.seen(document)
  const found = validateFragment(document, by.kinds, by.validators)
  if (found.length > 0) throw new PlanError(found)
  const tree = document.tree as Record<string, unknown>
  const steps = (tree['steps'] ?? NONE) as PlainSteps
  return {
    file,
    title: String(tree['fragment']),
    inputs: (tree['inputs'] ?? {}) as Fragment['inputs'],
    steps,
    outputs: (tree['outputs'] ?? {}) as Record<string, unknown>,
    fragments: fragmentsOf(steps, file, by, open),
  }
}
