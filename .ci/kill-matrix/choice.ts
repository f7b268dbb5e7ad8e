/** What a seed stands for: which runtime, which change, where the run is hit, and how. */

export const runtimes = ['process', 'docker'] as const
export type RuntimeName = (typeof runtimes)[number]

export const windows = [
  'stack coming up',
  'before the journal write',
  'between intent and change',
  'between change and applied',
  'while waiting',
  'during a restore step',
  'in the middle of undo',
] as const
export type Window = (typeof windows)[number]

export const blows = [
  'runner killed',
  'wrapper killed',
  'runner stopped beyond its lease',
  'guardian killed',
  'both killed',
  'interrupted',
] as const
export type Blow = (typeof blows)[number]

/** More often what is more likely, and worse. */
const weighted: readonly Blow[] = [
  ...Array<Blow>(5).fill('runner killed'),
  ...Array<Blow>(2).fill('both killed'),
  'wrapper killed',
  'runner stopped beyond its lease',
  'guardian killed',
  'interrupted',
]

export interface Choice {
  readonly seed: number
  readonly runtime: RuntimeName
  /** Brought up by the case, or running before it. */
  readonly stack: 'own' | 'running'
  readonly fault: string
  readonly window: Window
  readonly blow: Blow
  /** Between the event that opens the window and the blow, in ms. */
  readonly delay: number
}

/** Windows go round, so that a few seeds hit each of them; the rest is drawn. */
export function choose(seed: number, runtime: RuntimeName, faults: readonly string[]): Choice {
  const draw = drawer(seed * 2_654_435_761)
  const pick = <T>(from: readonly T[]) => from[Math.floor(draw() * from.length)] as T
  const window = windows[seed % windows.length] as Window
  const stack = window === 'stack coming up' ? 'own' : pick(['own', 'running', 'running'] as const)
  const slow = runtime === 'docker' ? 3 : 1
  return {
    seed,
    runtime,
    stack,
    fault: pick(faults),
    window,
    blow: pick(weighted),
    delay: delayIn(window, draw() * slow),
  }
}

function delayIn(window: Window, share: number): number {
  if (window === 'before the journal write' || window === 'between intent and change') return 0
  return Math.round(share * (window === 'stack coming up' ? 500 : 120))
}

/** mulberry32: small, and the same everywhere. */
function drawer(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
