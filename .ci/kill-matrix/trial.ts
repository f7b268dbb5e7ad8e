/** One trial: a run is hit, and some time later everything must be as it was before. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Choice } from './choice.ts'
import { FILLER } from './disk.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { isEarly, SECOND, type Stage, writePlan } from './stage.ts'

const cli = join(import.meta.dir, '..', '..', 'runner', 'cli.ts')
/** The lease, what undoing takes, and patience for a machine that is busy. In ms. */
const RESTORED_WITHIN = 60_000
const ENDS_WITHIN = 180_000
/** The lease of the stage is 2 s. */
const BEYOND_LEASE = 3_500

/** Undefined: restored. Else what was different, or went wrong. */
export async function tryOnce(stage: Stage, choice: Choice, limit = RESTORED_WITHIN): Promise<string | undefined> {
  const wrong = await tryIt(stage, choice, limit)
  const said = wrong === undefined ? '' : `\n${saidBy(stage)}`
  rmSync(results(stage), { recursive: true, force: true })
  // The next one starts from scratch, whatever this one has left.
  if (wrong !== undefined) await stage.mend()
  for (const name of readdirSync(stage.folder)) if (name.startsWith('trial-')) rmSync(join(stage.folder, name))
  return wrong === undefined ? undefined : `${wrong}${said}`
}

async function tryIt(stage: Stage, choice: Choice, limit: number): Promise<string | undefined> {
  const file = writePlan(stage, choice)
  const before = await fingerprintOf(stage, file)
  const child = start(stage, choice, file)
  const stopped = choice.blow === 'runner stopped beyond its lease' ? wakeLater(child) : undefined
  const ended = await within(child.exited, ENDS_WITHIN)
  await stopped
  if (ended === undefined) {
    child.kill('SIGKILL')
    return 'the run did not end'
  }
  if (!existsSync(hitOf(stage))) return 'the run ended before it was hit'
  rmSync(hitOf(stage))
  return (await afterwards(stage, choice)) ?? (await settled(stage, choice, file, before, limit))
}

function saidBy({ folder }: Stage): string {
  const file = join(folder, 'trial-out')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'nothing was said'
}

/** Not on the small disk, which they would fill up. */
function results({ folder }: Stage): string {
  return join(dirname(folder), `results-of-${basename(folder)}`)
}

/** Comes into being when the run is hit: a trial that never was proves nothing. */
function hitOf({ folder }: Stage): string {
  return join(folder, 'trial-hit')
}

/** What a person does after it, where the design says so. Undefined: as it should be. */
async function afterwards(stage: Stage, { blow, stack, window, delay }: Choice): Promise<string | undefined> {
  if (blow === 'disk full') {
    rmSync(join(stage.home, FILLER), { force: true })
    return restore(stage)
  }
  if (blow === 'plan restore killed') {
    const first = spawnPlan(stage, ['restore'])
    // It takes its time to start, and is hit anywhere in what it does.
    await Bun.sleep(100 + 4 * delay)
    first.kill('SIGKILL')
    await first.exited
  }
  if (blow === 'both killed' || blow === 'plan restore killed') return restore(stage)
  return blow === 'two runs' ? secondOf(stage, stack, window) : undefined
}

async function restore(stage: Stage): Promise<string | undefined> {
  const child = spawnPlan(stage, ['restore', ...(stage.runtime === 'ssh' ? ['--target', 'running'] : [])])
  const out = await new Response(child.stdout).text()
  const code = await child.exited
  return code === 0 ? undefined : `plan restore ended with ${code}: ${out.trim()}`
}

/** Another run is refused as long as the first has the target. */
async function secondOf(stage: Stage, stack: Choice['stack'], window: Choice['window']): Promise<string | undefined> {
  const file = join(stage.folder, SECOND)
  for (const start = performance.now(); !existsSync(file); await Bun.sleep(20))
    if (performance.now() - start > ENDS_WITHIN) return 'the second run did not end'
  const code = readFileSync(file, 'utf8').trim()
  rmSync(file)
  const good = stack === 'running' ? ['75', ...(isEarly(window) ? [] : ['0'])] : ['0']
  return good.includes(code) ? undefined : `the second run ended with ${code}, not ${good.join(' or ')}`
}

/** A wrapper stands between, as `bun run` does. */
function start(stage: Stage, { window, blow, delay }: Choice, file: string): Bun.Subprocess {
  const { folder, home, env, inside, strikes } = stage
  const second = `cd '${folder}' && { ${[...inside, 'bun', '--no-env-file', cli, 'run', 'second.yaml', '--output', results(stage)].join(' ')} >/dev/null 2>&1; echo $? >${SECOND}.new; mv ${SECOND}.new ${SECOND}; } </dev/null &`
  return Bun.spawn(
    [
      'sh',
      '-c',
      '"$@"; exit $?',
      'sh',
      ...inside,
      'bun',
      '--no-env-file',
      cli,
      'run',
      file,
      '--reporter',
      'killer',
      '--reporter',
      'pretty:trial-out',
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        ...process.env,
        ...env,
        KILL_WINDOW: window,
        KILL_BLOW: blow,
        KILL_DELAY: String(delay),
        KILL_JOURNALS: join(home, '.shakedown', 'journal'),
        KILL_HIT: hitOf(stage),
        KILL_STRIKE: (blow === 'two runs' ? second : strikes[blow]) ?? '',
      },
    },
  )
}

/** The runner below the wrapper stops itself; it is woken once its guardian has done its work, or had the time for it. */
async function wakeLater(wrapper: Bun.Subprocess): Promise<void> {
  const runner = await stoppedChild(wrapper)
  if (runner === undefined) return
  await Bun.sleep(BEYOND_LEASE)
  try {
    process.kill(runner, 'SIGCONT')
  } catch {
    // It ended before it could be stopped.
  }
}

async function stoppedChild(wrapper: Bun.Subprocess): Promise<number | undefined> {
  while (wrapper.exitCode === null) {
    const children = await Bun.file(`/proc/${wrapper.pid}/task/${wrapper.pid}/children`)
      .text()
      .catch(() => '')
    for (const pid of children.split(' ').filter(Boolean)) {
      const stat = await Bun.file(`/proc/${pid}/stat`)
        .text()
        .catch(() => '')
      if (/^T/.test(stat.slice(stat.lastIndexOf(')') + 2))) return Number(pid)
    }
    await Bun.sleep(20)
  }
  return undefined
}

async function settled(
  stage: Stage,
  { blow }: Choice,
  file: string,
  before: Fingerprint,
  limit: number,
): Promise<string | undefined> {
  const wanted = blow === 'container replaced' ? withoutWeb(before) : before
  const start = performance.now()
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const now = await fingerprintOf(stage, file)
    const difference = differs(wanted, blow === 'container replaced' ? withoutWeb(now) : now)
    if (difference === undefined) return blow === 'container replaced' ? replacement(stage, now) : undefined
    if (performance.now() - start > limit) return difference
    await Bun.sleep(pause)
    // What the guardian there has put back, the records here can't know.
    if (stage.runtime === 'ssh' && difference.startsWith('left')) await restore(stage)
  }
}

type Described = Readonly<Record<string, unknown>>

const isWeb = ({ name }: Described) => String(name).endsWith('-web-1')

function withoutWeb(of: Fingerprint): Fingerprint {
  return { ...of, containers: (of['containers'] as readonly Described[]).filter((one) => !isWeb(one)) }
}

/** Somebody else's container, where it came to that, runs as it did; for the next trial ours is there again. */
async function replacement(stage: Stage, now: Fingerprint): Promise<string | undefined> {
  const web = (now['containers'] as readonly Described[]).find(isWeb)
  const isTheirs = (web?.['labels'] as Record<string, string> | undefined)?.['theirs'] === 'yes'
  const wrong = isTheirs && web?.['state'] !== 'running' ? `their container is ${web?.['state']}` : undefined
  await stage.mend()
  return wrong
}

function differs(before: Fingerprint, after: Fingerprint): string | undefined {
  return pathOf(before, after, '')
}

/** The first piece that is another: `containers.1.binds: null became []`. */
function pathOf(before: unknown, after: unknown, path: string): string | undefined {
  if (Bun.deepEquals(before, after)) return undefined
  const inner = isObject(before) && isObject(after) ? Object.keys({ ...before, ...after }) : undefined
  const key = inner?.find((name) => !Bun.deepEquals(before[name], after[name]))
  if (!key || !isObject(before) || !isObject(after))
    return `${path}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`
  return pathOf(before[key], after[key], path === '' ? key : `${path}.${key}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function spawnPlan({ folder, env, inside }: Stage, argv: readonly string[]) {
  return Bun.spawn([...inside, 'bun', '--no-env-file', cli, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
}

async function within<T>(promise: Promise<T>, limit: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
