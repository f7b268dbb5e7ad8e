/** How long the stages of CI took, and the slowest test files. */
import Table from 'cli-table3'

const times: [stage: string, seconds: number][] = []

/** Runs a stage and keeps its time. */
export async function timed<T>(stage: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await work()
  } finally {
    times.push([stage, (performance.now() - start) / 1_000])
  }
}

/** Adds the slowest files of a JUnit report of `bun test`. */
export function addSlowest(junit: string, count: number): void {
  const files = [...junit.matchAll(/<testsuite name="([^"]+)" file="[^"]+" tests="\d+"[^>]* time="([\d.]+)"/g)]
  const slowest = files
    .filter(([, name]) => /\.test\.ts$/.test(name ?? ''))
    .map(([, name = '', time]): [string, number] => [`  ${name}`, Number(time)])
    .sort(([, a], [, b]) => b - a)
  times.push(...slowest.slice(0, count))
}

/** A stage that ended before this process began: `SHAKEDOWN_TIMES="packages 31;docker 4"`. */
export function addEarlier(said: string | undefined): void {
  for (const one of said?.split(';').filter(Boolean) ?? []) {
    const [stage = '', seconds] = one.split(' ')
    times.push([stage, Number(seconds)])
  }
}

export function printTimes(): void {
  const table = new Table({ head: ['stage', 'seconds'], colAligns: ['left', 'right'], style: { head: [], border: [] } })
  for (const [stage, seconds] of times) table.push([stage, seconds.toFixed(1)])
  console.log(table.toString())
}
