/** A condition of one probe: takes a reading and judges it, with three values. */
import { TooCostly } from '../base/too-costly.ts'
import { type AskedAt, isError, type Miss, PlanError } from '../contracts/errors.ts'
import type { Condition, ProbeContext, ProbeKind, Reading, Taken, TakenReading, Verdict } from '../contracts/probe.ts'
import type { Place } from '../contracts/source.ts'
import type { Target } from '../contracts/target.ts'
import { fieldOf } from '../jsonpath.ts'
import { mismatch, says } from '../matchers.ts'
import { checkExpected } from './check-expected.ts'
import { type Expected, fieldNamed, isKnown, unmetBy } from './expected.ts'

/** A condition that knows what it is about, so that one of several can be told apart. */
export interface Named extends Condition {
  readonly subject: string
}

/** Throws a PlanError for matchers that turn out to make no sense once their values are filled in. */
export function single(probe: ProbeKind, params: unknown, expected: readonly Expected[], place: Place): Named {
  const findings = checkExpected(expected, probe.fields)
  if (findings.length > 0) throw new PlanError(findings)
  const subject = probe.subject?.(params) ?? probe.name
  const asked = expected.map(({ name, matcher }) => `${name} ${says(matcher)}`)
  const inWords = asked.length === 0 ? subject : `${subject}: ${asked.join(', ')}`
  const services = probe.services?.(params) ?? []
  const ask = (target: Target): AskedAt[] => {
    const text = questionOf(probe, params, target)
    return [{ text: text ?? inWords, inWords: text === undefined, place, services }]
  }
  const namesState = expected.some(({ name }) => name === 'state' || name === 'exit' || reach(probe, name))
  return {
    place,
    subject,
    says: inWords,
    services: services.map((name) => ({ name, namesState })),
    asked: ask,
    check: async (context) => {
      const enough = (soFar: Reading) => isEnough(probe, soFar, expected, context)
      const taken = await uninterrupted(probe, params, { ...context, asked: askedOf(expected, context), enough })
      const verdict = judge(probe, taken, expected, place)
      if (verdict.is === 'holds') return verdict
      return { ...verdict, asked: ask(context.target), outputs: taken.output ? [taken.output] : [] }
    },
    watch: async (context, wake) => (await watchOf(probe, params, context, wake)) ?? NOTHING,
  }
}

/** The fields that the condition expects, and those that the step captures. */
function askedOf(expected: readonly Expected[], { asked = new Set() }: ProbeContext): ReadonlySet<string> {
  return new Set([...expected.map(({ name }) => name), ...asked])
}

const NOTHING: AsyncDisposable = { [Symbol.asyncDispose]: async () => undefined }

/** Words for people are never a reason to fail: a service that is not known says so when it is asked. */
function questionOf(probe: ProbeKind, params: unknown, target: Target): AskedAt['text'] | undefined {
  try {
    return probe.asked?.(params as never, target)
  } catch {
    return undefined
  }
}

/** What an interruption cut short tells nothing, and least of all that nobody answers. */
async function uninterrupted(probe: ProbeKind, params: unknown, context: ProbeContext): Promise<Taken> {
  const taken = await take(probe, params, context)
  const { reason } = context.signal
  if ('untaken' in taken && isError(reason, 'interrupted')) throw reason
  return taken
}

/** What the system says no to (a folder that may not be read) is a reading not taken, and no bug of ours. */
async function take(probe: ProbeKind, params: unknown, context: ProbeContext): Promise<Taken> {
  try {
    return await probe.read(params as never, context)
  } catch (error) {
    if (isError(error, 'target') && error.transient) return { untaken: error.message }
    if (error instanceof Error && isSystemError(error)) return { untaken: error.message }
    throw error
  }
}

function isSystemError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)
}

/** True if the rest of an unfinished reading changes neither the verdict nor the captures. */
function isEnough(
  probe: ProbeKind,
  soFar: Reading,
  expected: readonly Expected[],
  { asked = new Set() }: ProbeContext,
): boolean {
  if (unusualReading(probe, soFar, expected) !== undefined) return true
  const { is } = verdictOf({ ...soFar, probe: probe.name }, expected, probe)
  return is === 'fails' || (is === 'holds' && [...asked].every((name) => isKnown(soFar, name)))
}

function judge(probe: ProbeKind, taken: Taken, expected: readonly Expected[], place: Place): Verdict {
  if ('untaken' in taken) return judgeUntaken(probe, taken, expected, place)
  const reading: TakenReading = { ...taken, probe: probe.name }
  const unusual = unusualReading(probe, reading, expected)
  if (unusual) return { is: 'untaken', why: unusual, place, readings: [reading] }
  try {
    return verdictOf(reading, expected, probe)
  } catch (error) {
    if (!(error instanceof TooCostly)) throw error
    return { is: 'untaken', why: error.message, place, readings: [reading] }
  }
}

/**
 * A reading that says no fails the condition; one that gives no answer satisfies nothing, and neither does its negation:
 * see "The rule of honesty" in docs/LANGUAGE.md.
 */
function verdictOf(reading: TakenReading, expected: readonly Expected[], probe: ProbeKind): Verdict {
  const readings = [reading]
  const unmet = expected.flatMap((one) => unmetBy(reading, one, probe.fields) ?? [])
  if (unmet.length === 0) return { is: 'holds', readings }
  const misses = unmet.map(({ miss }) => miss)
  if (unmet.some(({ is }) => is === 'unmet')) return { is: 'fails', misses, readings }
  if (unmet.some(({ is }) => is === 'does-not-apply')) return { is: 'fails', unanswered: true, misses, readings }
  const [{ place, path, actual }] = misses as [Miss]
  return { is: 'untaken', why: `${path}: ${actual}`, place: place ?? expected[0]?.place, readings } as Verdict
}

/** Not being reachable is itself a reading, for conditions that ask for that; all else is untaken. */
function judgeUntaken(
  probe: ProbeKind,
  { untaken, known = {} }: Extract<Taken, { untaken: string }>,
  expected: readonly Expected[],
  place: Place,
): Verdict {
  const reading: TakenReading = { fields: known, says: untaken, probe: probe.name }
  const asked = expected.filter(({ name }) => Object.hasOwn(known, name))
  const verdict = asked.length === 0 ? undefined : verdictOf(reading, asked, probe)
  const isDecided = verdict?.is === 'fails' || (verdict?.is === 'holds' && asked.length === expected.length)
  return isDecided ? verdict : { is: 'untaken', why: untaken, place, readings: [] }
}

/** `run` exits with 0 and `http` answers below 400, unless the plan says otherwise: else the reading counts as not taken. */
function unusualReading(probe: ProbeKind, reading: Reading, expected: readonly Expected[]): string | undefined {
  const usual = Object.entries(probe.expects ?? {})
  if (expected.some(({ name }) => Object.hasOwn(probe.expects ?? {}, name) || reach(probe, name))) return undefined
  for (const [field, matcher] of usual) {
    const wrong = mismatch(matcher, fieldOf(reading.fields, field))
    if (!wrong) continue
    return `${field} is ${wrong.actual}, expected ${wrong.expected} (add \`${field}:\` if another is meant): ${reading.says}`
  }
  return undefined
}

function reach(probe: ProbeKind, name: string): boolean {
  return fieldNamed(name, probe.fields)?.reach === true
}

/** A hint that can't be had is no reason to fail: the wait polls behind it. */
async function watchOf(probe: ProbeKind, params: unknown, context: ProbeContext, wake: (because: string) => void) {
  try {
    return await probe.watch?.(params as never, context, wake)
  } catch (error) {
    if (isError(error, 'target') && !error.transient) throw error
    return undefined
  }
}
