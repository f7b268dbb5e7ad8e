/** How late a wait notices that its condition became true. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtInKinds } from '../runner/commands/kinds.ts'
import { makeCondition } from '../runner/condition.ts'
import { bindTarget, openTransport } from '../runner/targets/index.ts'
import { waitFor } from '../runner/wait.ts'

const ROUNDS = 10
const signal = new AbortController().signal

/** Median delays in ms: name → delay. */
export async function noticeDelays(folder: string): Promise<Map<string, number>> {
  const kinds = builtInKinds()
  const transport = await openTransport({})
  const work = join(folder, 'stack')
  await Bun.$`mkdir -p ${work}`.quiet()
  const config = {
    services: {
      loop: { command: ['sh', '-c', 'while read -r line; do echo "$line"; done < /dev/null; exec sleep 60'] },
    },
  }
  const host = {
    folder: work,
    home: folder,
    labels: { run: '', case: '', plan: '' },
    resolve: <T>(plain: T) => plain,
    ready: async () => undefined,
    note: () => undefined,
  }
  await using runtime = await (
    kinds.runtimes.get('process') as NonNullable<ReturnType<typeof kinds.runtimes.get>>
  ).open(config, transport, host)
  await (await runtime.up())?.apply(signal)
  const { target } = bindTarget({ name: 'bench', transport, runtime, home: folder, config: {} }, signal)
  const context = { target, signal, timeout: 5_000, logsSince: () => 0, memory: new Map(), measure: () => 0 }
  const delay = async (plain: object, make: () => void | Promise<void>) => {
    const condition = makeCondition(plain, { file: '', path: [] }, { probes: kinds.probes })
    const waiting = waitFor(condition, { context, within: 20_000, signal })
    // The wait has subscribed and read once before it is made true.
    await new Promise((next) => setTimeout(next, 30))
    await make()
    const start = performance.now()
    await waiting
    return performance.now() - start
  }
  const service = runtime.service('loop')
  const log = join(work, 'services', 'loop', 'log')
  const file = join(folder, 'watched.json')
  const delays = new Map<string, number>()
  delays.set(
    'log line',
    await median((round) =>
      delay({ logs: 'loop', lines: { any: { equals: `line ${round}` } } }, () =>
        appendFileSync(log, `line ${round}\n`),
      ),
    ),
  )
  delays.set(
    'file change',
    await median((round) =>
      delay({ file: { path: file }, expect: { '$.round': round } }, () => writeFileSync(file, `{"round": ${round}}`)),
    ),
  )
  let up = -1
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up }) })
  delays.set(
    'http poll',
    await median((round) =>
      delay({ http: `http://127.0.0.1:${server.port}/`, expect: { '$.up': round } }, () => {
        up = round
      }),
    ),
  )
  delays.set(
    'process exit',
    await median(async () => {
      const took = await delay(
        { service: 'loop', state: 'exited' },
        async () => {
          process.kill(-((await service.state()).pid ?? 0), 'SIGKILL')
        },
      )
      await (await service.verbs.start?.())?.apply(signal)
      return took
    }),
  )
  return delays
}

async function median(measure: (round: number) => Promise<number>): Promise<number> {
  const all: number[] = []
  for (let round = 0; round < ROUNDS; round++) all.push(await measure(round))
  return all.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN
}
