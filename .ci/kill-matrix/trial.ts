/** One trial: a run is hit, and some time later everything must be as it was before. */
import { join } from 'node:path'
import type { Choice } from './choice.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { type Stage, writePlan } from './stage.ts'

const cli = join(import.meta.dir, '..', '..', 'runner', 'cli.ts')
/** The lease, what undoing takes, and patience for a machine that is busy. In ms. */
const RESTORED_WITHIN = 60_000
const ENDS_WITHIN = 90_000
/** The lease of the stage is 2 s. */
const BEYOND_LEASE = 3_500

/** Undefined: restored. Else what was different, or went wrong. */
export async function tryOnce(stage: Stage, choice: Choice, limit = RESTORED_WITHIN): Promise<string | undefined> {
  const file = writePlan(stage, choice)
  const before = await fingerprintOf(stage, file)
  const child = start(stage, choice, file)
  const stopped = choice.blow === 'runner stopped beyond its lease' ? wakeLater(stage, child) : undefined
  const ended = await within(child.exited, ENDS_WITHIN)
  await stopped
  if (ended === undefined) {
    child.kill('SIGKILL')
    return 'the run did not end'
  }
  if (choice.blow === 'both killed') {
    const restored = await plan(stage, ['restore'])
    if (restored.code !== 0) return `plan restore ended with ${restored.code}: ${restored.out.trim()}`
  }
  return settled(stage, file, before, limit)
}

/** A wrapper stands between, as `bun run` does. */
function start({ folder }: Stage, { window, blow, delay }: Choice, file: string): Bun.Subprocess {
  return Bun.spawn(
    ['sh', '-c', '"$@"; exit $?', 'sh', 'bun', '--no-env-file', cli, 'run', file, '--reporter', 'killer'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        ...process.env,
        KILL_WINDOW: window,
        KILL_BLOW: blow,
        KILL_DELAY: String(delay),
        KILL_JOURNALS: join(folder, '.shakedown', 'journal'),
      },
    },
  )
}

/** The runner below the wrapper stops itself; it is woken once its guardian has done its work, or had the time for it. */
async function wakeLater({ folder }: Stage, wrapper: Bun.Subprocess): Promise<void> {
  const runner = await stoppedChild(wrapper, folder)
  if (runner === undefined) return
  await Bun.sleep(BEYOND_LEASE)
  try {
    process.kill(runner, 'SIGCONT')
  } catch {
    // It ended before it could be stopped.
  }
}

async function stoppedChild(wrapper: Bun.Subprocess, _folder: string): Promise<number | undefined> {
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

async function settled(stage: Stage, file: string, before: Fingerprint, limit: number): Promise<string | undefined> {
  const start = performance.now()
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const difference = differs(before, await fingerprintOf(stage, file))
    if (difference === undefined) return undefined
    if (performance.now() - start > limit) return difference
    await Bun.sleep(pause)
  }
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

async function plan({ folder }: Stage, argv: readonly string[]): Promise<{ code: number; out: string }> {
  const child = Bun.spawn(['bun', '--no-env-file', cli, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const out = await new Response(child.stdout).text()
  return { code: await child.exited, out }
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
