/** A process of this machine that outlives the runner. */
import type { Spawned } from '../../contracts/transport.ts'
import { ToldLines } from './told-lines.ts'

/** CI systems kill what carries their marks once a job is over, also what is there to tidy up after it. */
const MARKS = ['BUILD_ID', 'BUILD_URL', 'JENKINS_NODE_COOKIE', 'JENKINS_SERVER_COOKIE', 'RUNNER_TRACKING_ID']

type Child = Bun.Subprocess<'pipe', 'pipe', 'ignore'>

/** In a session of its own, which Ctrl-C does not reach; stderr leads nowhere, since whoever holds ours keeps a pipeline waiting. */
export async function spawnLocally(
  script: string,
  args: readonly string[],
  told?: (line: string) => void,
): Promise<Spawned> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !MARKS.includes(name)))
  const child = Bun.spawn(['sh', '-c', script, 'sh', ...args], {
    cwd: '/',
    env: environment,
    detached: true,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  }) as Child
  child.unref()
  const lines = new ToldLines(told)
  void read(child.stdout, lines).catch(() => undefined)
  return {
    pid: child.pid,
    said: lines.first,
    ended: child.exited.then(() => undefined),
    tell: (line) => tell(child, line),
    release: () => void Promise.resolve(child.stdin.end()).catch(() => undefined),
  }
}

function tell(child: Child, line: string): boolean {
  if (child.exitCode !== null || child.signalCode !== null) return false
  try {
    child.stdin.write(`${line}\n`)
    void Promise.resolve(child.stdin.flush()).catch(() => undefined)
    return true
  } catch {
    return false
  }
}

async function read(stdout: ReadableStream<Uint8Array>, lines: ToldLines): Promise<void> {
  try {
    for await (const chunk of stdout) if (!lines.take(chunk)) return
  } finally {
    lines.end()
  }
}
