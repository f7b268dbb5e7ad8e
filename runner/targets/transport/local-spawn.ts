/** A process of this machine that outlives the runner. */
import type { Spawned } from '../../contracts/target.ts'

/** CI systems kill what carries their marks once a job is over, also what is there to tidy up after it. */
const MARKS = ['BUILD_ID', 'BUILD_URL', 'JENKINS_NODE_COOKIE', 'JENKINS_SERVER_COOKIE', 'RUNNER_TRACKING_ID']

type Child = Bun.Subprocess<'pipe', 'pipe', 'ignore'>

/** In a session of its own, which Ctrl-C does not reach; stderr leads nowhere, since whoever holds ours keeps a pipeline waiting. */
export async function spawnLocally(script: string, args: readonly string[]): Promise<Spawned> {
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
  return {
    pid: child.pid,
    said: firstLine(child.stdout),
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

async function firstLine(stdout: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stdout.getReader()
  let text = ''
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += Buffer.from(next.value).toString()
    const end = text.indexOf('\n')
    if (end !== -1) {
      void reader.cancel().catch(() => undefined)
      return text.slice(0, end)
    }
  }
  return undefined
}
