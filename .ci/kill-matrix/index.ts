/**
 * `bun run kill-matrix [--seeds 60] [--first 1] [--runtime process|docker|ssh] [--workers 2]`: hits runs where it hurts, and
 * compares their targets with how they were before.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { faultKinds } from '../../steps/faults/index.ts'
import { blows, type Choice, choose, type RuntimeName, runtimeOf, runtimes, windows } from './choice.ts'
import { unshared } from './disk.ts'
import { faultsOn } from './faults.ts'
import { setStage, whyNot } from './stage.ts'
import { tryOnce } from './trial.ts'

const again = await unshared()
if (again !== undefined) process.exit(again)

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
    verbose: { type: 'boolean', default: false },
  },
})
const wanted = runtimes.filter((name) => (values.runtime === undefined || values.runtime === name) && isHere(name))
const possible = new Set(blows.filter((blow) => isPossible(blow)))
const known = new Set(faultKinds.map(({ name }) => name))
const first = Number(values.first)
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index)
const queue = seeds.map((seed) => {
  const turn = runtimeOf(seed, wanted)
  return choose(
    seed,
    turn,
    (stack) => faultsOn(turn.runtime, stack, known),
    (blow) => possible.has(blow),
  )
})
const results = (await whole(wanted.map((runtime) => all(runtime)))).flat()
print('window', windows, ({ window }) => window)
print('blow', blows, ({ blow }) => blow)
const good = results.filter(({ wrong }) => wrong === undefined).length
console.log(`${good} of ${results.length} restored and verified`)
process.exitCode = good < results.length || results.length === 0 ? 1 : 0

/** Left out with a word, and on CI never. */
function isHere(runtime: RuntimeName): boolean {
  const missing = whyNoRuntime(runtime)
  return missing === undefined || leftOut(`${runtime}: skipped, ${missing}`)
}

function whyNoRuntime(runtime: RuntimeName): string | undefined {
  if (runtime === 'ssh') return existsSync('/usr/sbin/sshd') ? undefined : 'there is no OpenSSH server here'
  if (runtime === 'process' || Bun.spawnSync(['docker', 'compose', 'version']).exitCode === 0) return undefined
  return 'there is no Docker with Compose here'
}

function isPossible(blow: Choice['blow']): boolean {
  const missing = whyNot(blow)
  return missing === undefined || leftOut(`${blow}: skipped, ${missing}`)
}

function leftOut(words: string): false {
  console.log(words)
  if (process.env['SHAKEDOWN_REQUIRE_ALL']) process.exit(1)
  return false
}

async function all(runtime: RuntimeName): Promise<Result[]> {
  const own = queue.filter((choice) => choice.runtime === runtime)
  const done: Result[] = []
  const worker = async (name: string) => {
    if (own.length === 0) return
    await using stage = await setStage(runtime, name)
    for (let choice = own.shift(); choice; choice = own.shift()) done.push(await one(choice, stage))
  }
  await whole(Array.from({ length: Math.min(own.length, Number(values.workers)) }, (_, index) => worker(String(index))))
  return done
}

/** Whatever fails, the others tidy up after themselves first. */
async function whole<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}

async function one(choice: Choice, stage: Parameters<typeof tryOnce>[0]): Promise<Result> {
  const wrong = await tryOnce(stage, choice)
  const { seed, runtime, stack, fault, window, blow, delay } = choice
  if (wrong !== undefined || process.stdout.isTTY || values.verbose)
    console.log(
      `${wrong === undefined ? 'ok' : 'NOT RESTORED'} ${seed}: ${runtime} (${stack}), ${fault}, ${window} +${delay} ms, ${blow}${wrong === undefined ? '' : `\n  ${wrong}`}`,
    )
  return { choice, wrong }
}

function print<Name>(title: string, names: readonly Name[], of: (choice: Choice) => Name): void {
  const table = new Table({ head: [title, ...wanted], style: { head: [], border: [] } })
  for (const name of names)
    table.push([
      String(name),
      ...wanted.map((runtime) =>
        counted(results.filter(({ choice }) => of(choice) === name && choice.runtime === runtime)),
      ),
    ])
  console.log(table.toString())
}

function counted(some: readonly Result[]): string {
  if (some.length === 0) return '-'
  return `${some.filter(({ wrong }) => wrong === undefined).length} of ${some.length}`
}
