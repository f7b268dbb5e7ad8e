/** How late a wait notices that its condition became true. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCondition } from '../runner/condition.ts'
import { waitFor } from '../runner/wait.ts'
import { middle } from './measure.ts'
import type { Row } from './row.ts'
import { type Stack, stackOf } from './stack.ts'

const ROUNDS = 15
const GOAL = { of: 'value', most: 5 } as const

export async function* noticeDelays(folder: string): AsyncGenerator<Row> {
  const said = join(folder, 'said')
  writeFileSync(said, '')
  const echo = ['tail', '-n0', '-s0.001', '-F', said]
  await using stack = await stackOf({ echo, idle: ['sleep', '3600'] }, folder)
  yield row('log line', await medianDelay(stack, logLines(said)), GOAL)
  yield row('file change', await medianDelay(stack, fileChanges(join(folder, 'watched.json'))), GOAL)
  yield row('process exit', await medianDelay(stack, exits(stack)), GOAL)
  let up = -1
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up }) })
  const polled = (round: number) => ({
    condition: { http: `http://127.0.0.1:${server.port}/`, expect: { '$.up': round } },
    make: () => {
      up = round
    },
  })
  yield row('HTTP poll, every 100ms', await medianDelay(stack, polled))
}

const row = (what: string, value: number, goal?: Row['goal']): Row => ({
  what: `notice: ${what}`,
  value,
  unit: 'ms',
  goal,
})

/** A condition, and what makes it true. */
interface Round {
  readonly condition: object
  make(): void
  after?(): Promise<void>
}

/** The service itself logs the line: what `tail` adds is in the figure. */
const logLines = (said: string) => (round: number) => ({
  condition: { logs: 'echo', lines: { any: { equals: `line ${round}` } } },
  make: () => appendFileSync(said, `line ${round}\n`),
})

const fileChanges = (file: string) => (round: number) => ({
  condition: { file: { path: file }, expect: { '$.round': round } },
  make: () => writeFileSync(file, `{"round": ${round}}`),
})

/** Of a service that waits, as most do: one that was busy has to get a turn before it can die, which is no delay of ours. */
const exits = (stack: Stack) => async () => {
  const service = stack.runtime.service('idle')
  const { pid } = await service.state()
  if (pid === undefined) throw new Error('the service does not run')
  return {
    condition: { service: 'idle', state: 'exited' },
    make: () => process.kill(-pid, 'SIGKILL'),
    after: async () => (await service.verbs.start?.())?.apply(stack.context.signal),
  }
}

async function medianDelay(stack: Stack, begin: (round: number) => Round | Promise<Round>): Promise<number> {
  const all: number[] = []
  for (let round = 0; round < ROUNDS; round++) all.push(await delayOf(stack, await begin(round), round))
  return middle(all)
}

async function delayOf({ kinds, context }: Stack, { condition, make, after }: Round, round: number): Promise<number> {
  const { signal } = context
  const firstReading = Promise.withResolvers<void>()
  const made = makeCondition(condition, { file: '', path: [] }, kinds)
  const waiting = waitFor(made, { context, within: 20_000, signal, progress: () => firstReading.resolve() })
  // Made true when the wait has read once in vain and sleeps; at another point of its pause in each round.
  await firstReading.promise
  await Bun.sleep(20 + 7 * round)
  const start = performance.now()
  make()
  await waiting
  const took = performance.now() - start
  await after?.()
  return took
}
