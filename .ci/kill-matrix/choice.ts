/** What a seed stands for: which runtime, which change, where the run is hit, and how. */

export const runtimes = ['process', 'docker', 'ssh'] as const
export type RuntimeName = (typeof runtimes)[number]

/** When a run is hit. */
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

/** What happens to it then. */
export const blows = [
  'runner killed',
  'wrapper killed',
  'runner stopped beyond its lease',
  'guardian killed',
  'both killed',
  'interrupted',
  'plan restore killed',
  'disk full',
  'two runs',
  'connection cut',
  'packets dropped',
  'daemon restarted',
  'container replaced',
] as const
export type Blow = (typeof blows)[number]

const only: Partial<Record<Blow, RuntimeName>> = {
  'connection cut': 'ssh',
  'packets dropped': 'ssh',
  'daemon restarted': 'docker',
  'container replaced': 'docker',
}

/** Services of a host over SSH come with a runtime of their own. */
export function windowsOn(runtime: RuntimeName): readonly Window[] {
  return runtime === 'ssh' ? windows.filter((window) => window !== 'stack coming up') : windows
}

export function blowsOn(runtime: RuntimeName): readonly Blow[] {
  return blows.filter((blow) => (only[blow] ?? runtime) === runtime)
}

/** Out of 25 seeds: processes are quick, so most of them are theirs. */
const spread: readonly RuntimeName[] = Array.from({ length: 25 }, (_, index) =>
  index % 4 === 1 ? 'ssh' : index % 4 === 3 ? 'docker' : 'process',
)

/** The runtime of a seed, and which of its own it is. */
export function runtimeOf(seed: number, wanted: readonly RuntimeName[]): { runtime: RuntimeName; turn: number } {
  const kept = spread.filter((name) => wanted.includes(name))
  const runtime = kept[seed % kept.length] as RuntimeName
  const before = kept.slice(0, seed % kept.length).filter((name) => name === runtime).length
  const each = kept.filter((name) => name === runtime).length
  return { runtime, turn: Math.floor(seed / kept.length) * each + before }
}

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

/** Windows and blows go round, so that each meets each; the rest is drawn. */
export function choose(
  seed: number,
  { runtime, turn }: { readonly runtime: RuntimeName; readonly turn: number },
  faultsOf: (stack: Choice['stack']) => readonly string[],
  can: (blow: Blow) => boolean,
): Choice {
  const draw = drawer(seed * 2_654_435_761)
  const pick = <T>(from: readonly T[]) => from[Math.floor(draw() * from.length)] as T
  const [moments, hits] = [windowsOn(runtime), blowsOn(runtime).filter(can)]
  const blow = hits[turn % hits.length] as Blow
  const turned = moments[turn % moments.length] as Window
  // What is replaced is there before, and stays.
  const window = blow === 'container replaced' && turned === 'stack coming up' ? 'while waiting' : turned
  const stack = stackFor(runtime, window, blow) ?? pick(['own', 'running', 'running'] as const)
  const slow = runtime === 'docker' ? 3 : 1
  return { seed, runtime, stack, fault: pick(faultsOf(stack)), window, blow, delay: delayIn(window, draw() * slow) }
}

/** Undefined: either. */
function stackFor(runtime: RuntimeName, window: Window, blow: Blow): Choice['stack'] | undefined {
  if (runtime === 'ssh' || blow === 'container replaced') return 'running'
  return window === 'stack coming up' ? 'own' : undefined
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
