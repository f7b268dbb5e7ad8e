/** Whole processes, timed from outside. */
import { readFileSync } from 'node:fs'

export interface Measured {
  /** ms. */
  readonly took: number
  /** Bytes, the largest the process ever had. */
  readonly peak: number
  readonly out: string
}

/** The fastest of several runs: what is slower was in somebody else's way. */
export async function fastest(
  command: readonly string[],
  options: { cwd?: string; runs?: number } = {},
): Promise<Measured> {
  const runs: Measured[] = []
  for (let run = 0; run < (options.runs ?? 5); run++) runs.push(await once(command, options.cwd))
  return runs.reduce((a, b) => (b.took < a.took ? b : a))
}

async function once(command: readonly string[], cwd: string | undefined): Promise<Measured> {
  const start = performance.now()
  const child = Bun.spawn([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    stdout: 'pipe',
    stderr: 'ignore',
    stdin: 'ignore',
  })
  const out = await new Response(child.stdout).text()
  const code = await child.exited
  const took = performance.now() - start
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  return { took, peak: child.resourceUsage()?.maxRSS ?? 0, out }
}

/** Events of the newest run in a results folder. */
export function eventsIn(folder: string, run: string): { is: string; t: number; step?: string }[] {
  return readFileSync(`${folder}/${run}/events.ndjson`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
