/**
 * `bun run kill-matrix [--seeds 60] [--first 1] [--runtime process|docker] [--workers 2]`: hits runs where it hurts, and
 * compares their targets with how they were before.
 */
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { faultKinds } from '../../steps/faults/index.ts'
import { type Choice, choose, type RuntimeName, runtimes, windows } from './choice.ts'
import { faultsOn } from './faults.ts'
import { setStage } from './stage.ts'
import { tryOnce } from './trial.ts'

interface Result {
  readonly choice: Choice
  readonly wrong: string | undefined
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '60' },
    first: { type: 'string', default: '1' },
    runtime: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
})
const wanted = runtimes.filter((name) => (values.runtime === undefined || values.runtime === name) && isHere(name))
const known = new Set(faultKinds.map(({ name }) => name))
const first = Number(values.first)
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index)
const queue = seeds.map((seed) => {
  // Windows go round with the seed, and runtimes with each round.
  const runtime = wanted[Math.floor(seed / windows.length) % wanted.length] as RuntimeName
  return choose(seed, runtime, faultsOn(runtime, known))
})
const results = (await Promise.all(wanted.map((runtime) => all(runtime)))).flat()
print(results)
process.exitCode = results.some(({ wrong }) => wrong !== undefined) || results.length === 0 ? 1 : 0

/** Left out with a word, and on CI never. */
function isHere(runtime: RuntimeName): boolean {
  if (runtime !== 'docker' || Bun.spawnSync(['docker', 'compose', 'version']).exitCode === 0) return true
  console.log('docker: skipped, there is no Docker with Compose here')
  if (process.env['SHAKEDOWN_REQUIRE_ALL']) process.exit(1)
  return false
}

async function all(runtime: RuntimeName): Promise<Result[]> {
  const own = queue.filter((choice) => choice.runtime === runtime)
  const done: Result[] = []
  const worker = async (name: string) => {
    await using stage = await setStage(runtime, name)
    for (let choice = own.shift(); choice; choice = own.shift()) done.push(await one(choice, stage))
  }
  await Promise.all(Array.from({ length: Number(values.workers) }, (_, index) => worker(String(index))))
  return done
}

async function one(choice: Choice, stage: Parameters<typeof tryOnce>[0]): Promise<Result> {
  const wrong = await tryOnce(stage, choice)
  const { seed, runtime, stack, fault, window, blow, delay } = choice
  if (wrong !== undefined || process.stdout.isTTY)
    console.log(
      `${wrong === undefined ? 'ok' : 'NOT RESTORED'} ${seed}: ${runtime} (${stack}), ${fault}, ${window} +${delay} ms, ${blow}${wrong === undefined ? '' : `\n  ${wrong}`}`,
    )
  return { choice, wrong }
}

function print(all: readonly Result[]): void {
  const table = new Table({ head: ['window', ...wanted], style: { head: [], border: [] } })
  for (const window of windows)
    table.push([
      window,
      ...wanted.map((runtime) =>
        counted(all.filter(({ choice }) => choice.window === window && choice.runtime === runtime)),
      ),
    ])
  console.log(table.toString())
  const good = all.filter(({ wrong }) => wrong === undefined).length
  console.log(`${good} of ${all.length} restored and verified`)
}

function counted(some: readonly Result[]): string {
  return `${some.filter(({ wrong }) => wrong === undefined).length} of ${some.length}`
}
