import { clip } from '../base/brief.ts'
import { exactJson } from '../base/exact-json.ts'
import { known } from '../base/redact/known.ts'
import type { Redactor } from '../base/redact/redactor.ts'
import { type FailureDetails, isError, type Miss, messageOf } from '../contracts/errors.ts'
import type { FailedCheck, Failure } from '../contracts/events.ts'
import type { Sources } from '../contracts/plan.ts'
import type { Frame, Place } from '../contracts/source.ts'
import { type FilledIn, withValues } from './asked.ts'
import { tailsOf } from './outputs.ts'

const LONGEST = 4_000

/** The material that explains a failure. */
export interface Explaining {
  readonly sources: Sources
  readonly redactor: Redactor
  /** Names the files of command output: the id of the step. */
  readonly name: string
  /** Adds a file to the results and returns its path. */
  attach?: ((name: string, bytes: Uint8Array) => string) | undefined
  /** The step as it was written, and what its expressions came to. */
  readonly step?: FilledIn | undefined
  /** Details beside those of the error, or better ones. */
  readonly more?: FailureDetails | undefined
}

/** Everything that explains an error, as plain data with its line of the plan. */
export async function explain(error: unknown, place: Place | undefined, by: Explaining): Promise<Failure> {
  const { sources, redactor, step } = by
  const details = { ...detailsOf(error), ...by.more }
  const checks = await Promise.all((details.misses ?? []).map((miss) => failedCheck(miss, sources)))
  const at = details.misses?.find((miss) => miss.place)?.place ?? details.place ?? planPlace(error) ?? place
  return {
    class: classOf(error),
    message: cut(messageOf(error)),
    frame: frameOf(at, sources),
    checks,
    asked: withValues(details.asked ?? [], step, redactor),
    outputs: tailsOf(details.outputs ?? [], by),
    history: details.history ?? [],
    last: details.last === undefined ? undefined : cut(details.last),
    logs: details.logs ?? [],
    hint: details.hint ?? details.misses?.find(({ hint }) => hint)?.hint ?? hintOf(error),
    stack: classOf(error) === 'internal' && error instanceof Error ? error.stack : undefined,
  }
}

/** Whether an error is the environment's or ours, and not the plan's: the case is errored. */
export function isErrored(error: unknown): boolean {
  return classOf(error) !== 'check'
}

function classOf(error: unknown): Failure['class'] {
  if (isError(error, 'check') || isError(error, 'plan') || isError(error, 'interrupted')) return 'check'
  if (isError(error, 'target') || isError(error, 'busy') || isError(error, 'skip')) return 'target'
  if (isError(error, 'restore')) return 'restore'
  return REFUSED.has(String((error as NodeJS.ErrnoException | null)?.code)) ? 'target' : 'internal'
}

/** What a system refuses, wherever it was asked, is no bug of ours. */
const REFUSED = new Set([
  'EACCES',
  'EPERM',
  'ENOSPC',
  'EROFS',
  'EDQUOT',
  'EISDIR',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'EMFILE',
  'EIO',
])

export function detailsOf(error: unknown): FailureDetails {
  return isError(error, 'check') || isError(error, 'target') ? error.details : {}
}

/** A value that was filled in while the plan ran can turn out wrong, and knows its place. */
function planPlace(error: unknown): Place | undefined {
  return isError(error, 'plan') ? error.findings[0]?.place : undefined
}

function hintOf(error: unknown): string | undefined {
  if (isError(error, 'busy')) return error.hint
  return isError(error, 'plan') ? error.findings[0]?.hint : undefined
}

async function failedCheck(miss: Miss, sources: Sources): Promise<FailedCheck> {
  const diff = miss.values === undefined ? undefined : await diffOf(miss.values.expected, miss.values.actual)
  return {
    frame: frameOf(miss.place, sources),
    path: miss.path,
    expected: cut(miss.expected),
    actual: cut(miss.actual),
    diff,
  }
}

async function diffOf(expected: unknown, actual: unknown): Promise<string[] | undefined> {
  const { createTwoFilesPatch } = await import('diff')
  const patch = createTwoFilesPatch('expected', 'actual', textOf(expected), textOf(actual), '', '', { context: 3 })
  const lines = patch
    .split('\n')
    .slice(1)
    .filter((line) => !line.startsWith('\\'))
  return lines.slice(0, 60)
}

function textOf(value: unknown): string {
  // Masked first: the lines of a secret would be shown one by one, among lines of the other text.
  return known.text(`${typeof value === 'string' ? value : exactJson(value, 2)}\n`)
}

function frameOf(place: Place | undefined, sources: Sources): Frame | undefined {
  try {
    return place === undefined ? undefined : sources.frame(place)
  } catch {
    return undefined
  }
}

function cut(text: string): string {
  return clip(text, LONGEST, (missing) => ` (${missing} more characters)`)
}
