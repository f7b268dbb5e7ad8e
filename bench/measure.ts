/** Whole processes, timed from outside, and medians of what is done often. */

export interface Measured {
  /** ms. */
  readonly took: number
  /** Bytes, the largest the process ever had. */
  readonly peak: number
}

export interface MeasureOptions {
  readonly cwd?: string | undefined
  readonly runs?: number | undefined
  /** Done before each run, and not measured. */
  readonly before?: (() => Promise<void>) | undefined
}

/** The fastest of several runs: what is slower was in somebody else's way. Throws when one ends with another code than 0. */
export async function fastest(command: readonly string[], options: MeasureOptions = {}): Promise<Measured> {
  const runs: Measured[] = []
  for (let run = 0; run < (options.runs ?? 5); run++) {
    await options.before?.()
    runs.push(await once(command, options.cwd))
  }
  return runs.reduce((a, b) => (b.took < a.took ? b : a))
}

async function once(command: readonly string[], cwd: string | undefined): Promise<Measured> {
  const start = performance.now()
  const child = Bun.spawn([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    stdout: 'pipe',
    stderr: 'pipe',
    stdin: 'ignore',
  })
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await child.exited
  const took = performance.now() - start
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said.join('').slice(-2_000)}`)
  return { took, peak: child.resourceUsage()?.maxRSS ?? Number.NaN }
}

/** The median of how long some work takes, in ms. */
export async function median(work: () => PromiseLike<unknown>, rounds: number): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await work()
    took.push(performance.now() - start)
  }
  return middle(took)
}

export function middle(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
}
