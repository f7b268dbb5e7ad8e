/** Validated documents → plans and fragments. */
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { type Finding, isError, type Located, PlanError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { PlainSteps } from '../contracts/params.ts'
import type { Document, Input, Plan } from '../contracts/plan.ts'
import { type Place, placeAt } from '../contracts/source.ts'
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
  /** Told of what is doubtful in a fragment, but not wrong. */
  warn(findings: readonly Finding[]): void
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
    fragments: fragmentsOf(Object.values(lists).flat(), { file: document.file, by, open: [] }),
  }
}

/** A file that is being read, and those that lead to it, so that no fragment holds itself. */
interface Opened {
  readonly file: string
  readonly by: Reading
  readonly open: readonly string[]
}

/** Fragments by the path as it is written. Throws one PlanError with what is wrong in any of them. */
function fragmentsOf(steps: PlainSteps, opened: Opened): Map<string, Fragment> {
  const { kinds } = opened.by
  const fragments = new Map<string, Fragment>()
  const findings: (Finding | Located)[] = []
  for (const step of everyStep(steps, kinds)) {
    const { kind, params, place } = stepParts(step, kinds)
    const include = kinds.steps.get(kind)?.includes?.(params)
    if (!include || fragments.has(include.path)) continue
    try {
      fragments.set(include.path, fragmentAt(include.path, placeAt(place, kind, ...include.at), opened))
    } catch (error) {
      if (!isError(error, 'plan')) throw error
      findings.push(...error.findings)
    }
  }
  if (findings.length > 0) throw new PlanError(findings)
  return fragments
}

function fragmentAt(path: string, at: Place, { file: from, by, open }: Opened): Fragment {
  if (path.includes('${{'))
    throw new PlanError([
      wrong(at, 'no-expression', 'a fragment is read before there are values', 'write its path out'),
    ])
  const file = fileOf(path, from)
  if (open.includes(file))
    throw new PlanError([wrong(at, 'cyclic-fragment', `${path} uses itself`, "a fragment can't hold itself")])
  return readFragment(file, at, by, [...open, file])
}

/** A path beside the file it stands in, else a file of an npm package. */
function fileOf(path: string, from: string): string {
  const beside = isAbsolute(path) ? path : join(dirname(from), path)
  if (path.startsWith('.') || !path.includes('/') || existsSync(beside)) return beside
  try {
    return relative(process.cwd(), Bun.resolveSync(path, resolve(dirname(from))))
  } catch {
    return beside
  }
}

function readFragment(file: string, at: Place, by: Reading, open: readonly string[]): Fragment {
  const document = load(file, at)
  by.seen(document)
  const tree = document.tree as Readonly<Record<string, unknown>>
  if (!('fragment' in tree))
    throw new PlanError([wrong(at, 'no-fragment', `${file} is no fragment`, 'one begins with `fragment: TITLE`')])
  const found = validateFragment(document, by.kinds, by.validators)
  if (found.some(({ level }) => level === 'error')) throw new PlanError(found)
  by.warn(found)
  const steps = (tree['steps'] ?? NONE) as PlainSteps
  return {
    file,
    title: String(tree['fragment']),
    inputs: (tree['inputs'] ?? {}) as Fragment['inputs'],
    steps,
    outputs: (tree['outputs'] ?? {}) as Record<string, unknown>,
    fragments: fragmentsOf(steps, { file, by, open }),
  }
}

/** A file that can't be read is told where it is named; one that is no YAML, where it is not. */
function load(file: string, at: Place): Document {
  try {
    return loadDocument(file)
  } catch (error) {
    const unread = isError(error, 'plan') && error.findings.find(({ code }) => code === 'file')
    if (!unread) throw error
    const why = unread.message.replace(/^can't read it: /, "can't be read: ")
    throw new PlanError([wrong(at, 'no-fragment', `the fragment ${file} ${why}`, 'paths are relative to this file')])
  }
}
