/** Several conditions as one. */
import type { Miss } from '../contracts/errors.ts'
import type { Condition, Evidence, ProbeContext, Verdict } from '../contracts/probe.ts'
import type { Place } from '../contracts/source.ts'
import type { Target } from '../contracts/target.ts'
import type { Wake } from '../contracts/transport.ts'
import type { Named } from './single.ts'

export const groups = ['all', 'any', 'none'] as const
export type Group = (typeof groups)[number]

export function groupOf(group: Group, inner: readonly Named[], place: Place): Named {
  return {
    place,
    subject: inner.map(({ subject }) => subject).join(', '),
    says: wordsOf(group, inner),
    services: inner.flatMap(({ services }) => (group === 'all' ? services : services.map(mayExit))),
    asked: (target) => inner.flatMap((one) => one.asked(target)),
    check: async (context) => {
      const verdicts = await Promise.all(inner.map((one) => one.check(context)))
      const verdict = combine[group](verdicts, inner)
      return verdict.is === 'holds' ? verdict : { ...verdict, ...evidenceOf(group, verdicts, inner, context.target) }
    },
    watch: (context, wake) => watchAll(inner, context, wake),
  }
}

function wordsOf(group: Group, inner: readonly Named[]): string {
  const says = inner.map((one) => one.says)
  if (group === 'none') return `none of: ${says.join('; ')}`
  return says.join(group === 'any' ? ' or ' : '; ')
}

/** One of several may hold without it, or its being gone may be what is waited for. */
function mayExit({ name }: { readonly name: string }) {
  return { name, namesState: true }
}

/** Kleene's logic: neither `none` nor a later `not` is satisfied by a reading that gave no answer. */
const combine: Readonly<Record<Group, (verdicts: readonly Verdict[], inner: readonly Named[]) => Verdict>> = {
  all: (verdicts, inner) => {
    if (verdicts.some((verdict) => verdict.is === 'fails'))
      return failed(verdicts, inner, !verdicts.some((verdict) => verdict.is === 'fails' && !isUnanswered(verdict)))
    return firstUntaken(verdicts, inner) ?? { is: 'holds', readings: readingsOf(verdicts) }
  },
  any: (verdicts, inner) => {
    const held = verdicts.find((verdict) => verdict.is === 'holds')
    return held ?? firstUntaken(verdicts, inner) ?? failed(verdicts, inner, verdicts.some(isUnanswered))
  },
  none: (verdicts, inner) => {
    const misses = inner.filter((_, index) => verdicts[index]?.is === 'holds').map(heldMiss)
    const readings = readingsOf(verdicts)
    if (misses.length > 0) return { is: 'fails', misses, readings }
    const unanswered = verdicts.filter(isUnanswered)
    if (unanswered.length > 0)
      return failed(
        unanswered,
        inner.filter((_, index) => isUnanswered(verdicts[index])),
        true,
      )
    return firstUntaken(verdicts, inner) ?? { is: 'holds', readings }
  },
}

/** The parts that decide the verdict: those that do not hold, and under `none` those that do. */
function evidenceOf(group: Group, verdicts: readonly Verdict[], inner: readonly Named[], target: Target): Evidence {
  const isHeld = group === 'none' && verdicts.some(({ is }) => is === 'holds')
  const parts = verdicts.flatMap((verdict, index): Evidence[] => {
    if (verdict.is !== 'holds') return isHeld ? [] : [verdict]
    if (!isHeld) return []
    const outputs = verdict.readings.flatMap(({ output }) => output ?? [])
    return [{ asked: inner[index]?.asked(target), outputs }]
  })
  return {
    asked: parts.flatMap(({ asked = [] }) => asked),
    outputs: parts.flatMap(({ outputs = [] }) => outputs),
  }
}

/** What falls short, by name, and what could not be read beside it. */
function failed(verdicts: readonly Verdict[], inner: readonly Named[], unanswered: boolean): Verdict {
  const misses = verdicts.flatMap((verdict, index) => missesIn(verdict, inner[index] as Named, inner.length > 1))
  return { is: 'fails', misses, readings: readingsOf(verdicts), ...(unanswered ? { unanswered } : {}) }
}

function isUnanswered(verdict: Verdict | undefined): boolean {
  return verdict?.is === 'fails' && verdict.unanswered === true
}

function missesIn(verdict: Verdict, { subject }: Named, isOneOfSeveral: boolean): readonly Miss[] {
  if (verdict.is === 'holds') return []
  if (verdict.is === 'untaken')
    return [{ place: verdict.place, path: subject, expected: 'a reading', actual: `not readable: ${verdict.why}` }]
  if (!isOneOfSeveral) return verdict.misses
  return verdict.misses.map((miss) => ({ ...miss, path: `${subject} ${miss.path}` }))
}

function firstUntaken(verdicts: readonly Verdict[], inner: readonly Named[]): Verdict | undefined {
  const index = verdicts.findIndex((verdict) => verdict.is === 'untaken')
  const verdict = verdicts[index]
  if (verdict?.is !== 'untaken') return undefined
  const why = inner.length > 1 ? `${inner[index]?.subject}: ${verdict.why}` : verdict.why
  return { ...verdict, why, readings: readingsOf(verdicts) }
}

function readingsOf(verdicts: readonly Verdict[]) {
  return verdicts.flatMap((verdict) => verdict.readings)
}

function heldMiss({ place, says }: Condition): Miss {
  return { place, path: says, expected: 'not to hold', actual: 'true' }
}

async function watchAll(inner: readonly Condition[], context: ProbeContext, wake: Wake): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  try {
    for (const one of inner) stack.use(await one.watch(context, wake))
    return stack
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
