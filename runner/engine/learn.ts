/** Secrets are learned as soon as they are had: from the plan, and from every reading that a secret capture looks into. */
import { type Learned, type Redactor, SHORTEST_SAFE_SECRET, SHORTEST_SECRET } from '../base/redact/redactor.ts'
import { Spelled, spelledEntries } from '../base/spelling.ts'
import type { Taken } from '../contracts/probe.ts'
import { type CaptureSpec, capturesOf, knownOf } from './captured.ts'
import type { Planned } from './flow.ts'
import type { World } from './world.ts'

/** Masks a value from now on, with all texts and numbers in it. Says so once a name where that falls short. */
export function learnSecret(name: string, value: unknown, redactor: Redactor, warn: (message: string) => void): void {
  const learned = new Set(leavesOf(value).map((leaf) => redactor.add(leaf)))
  const shortest = (['unmasked', 'short'] as const).find((one) => learned.has(one))
  if (shortest === undefined) return
  const part = typeof value === 'object' && value !== null ? 'a part of ' : ''
  warn(`${part}secret "${name}" ${WARNINGS[shortest]}`)
}

const WARNINGS: Readonly<Record<Extract<Learned, 'unmasked' | 'short'>, string>> = {
  unmasked: `is shorter than ${SHORTEST_SECRET} characters: it can't be masked, and shows wherever it is written; use a longer one`,
  short: `is shorter than ${SHORTEST_SAFE_SECRET} characters: it is masked also where the same characters are part of something else; use a longer one`,
}

/** Learns secrets from the readings of a step; undefined when it captures no secret. Failed readings are shown, too. */
export function learner({ common }: Planned, world: World): ((taken: Taken) => void) | undefined {
  const secret = capturesOf(common).filter(([, spec]) => spec.secret === true)
  if (secret.length === 0) return undefined
  return (taken) => {
    for (const [name, spec] of secret) learnCapture(name, spec, taken, world)
  }
}

function learnCapture(name: string, spec: CaptureSpec, taken: Taken, world: World): void {
  if (taken.fields === undefined) return
  // A missing value is not a failure here: the capture itself reports it.
  const value = knownOf(taken, spec)
  if (value !== undefined) learnSecret(name, value, world.redactor, warner(name, world))
}

/** Warnings about captures of a case, once a name: a step may run many rounds. */
export function warner(name: string, world: World): (message: string) => void {
  const said = warned.get(world) ?? new Set()
  warned.set(world, said)
  return (message) => {
    if (said.has(name)) return
    said.add(name)
    world.emit({ is: 'note', case: world.kase.id, message, level: 'warning' })
  }
}

const warned = new WeakMap<World, Set<string>>()

function leavesOf(value: unknown): string[] {
  if (value instanceof Spelled) return [...new Set([value.text, ...leavesOf(value.value)])]
  if (typeof value === 'object' && value !== null) return spelledEntries(value).flatMap(([, item]) => leavesOf(item))
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? [String(value)] : []
}
