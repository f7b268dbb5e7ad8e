/** A process of this machine that outlives the runner. */
import type { Spawned } from '../../contracts/target.ts'

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
  return {
    pid: child.pid,
    said: linesOf(child.stdout, told),
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

/** The first line is waited for, those after it are told. */
function linesOf(stdout: ReadableStream<Uint8Array>, told: ((line: string) => void) | undefined) {
  const first = Promise.withResolvers<string | undefined>()
  void eachLine(stdout, (line, index) => {
    if (index === 0) first.resolve(line)
    else told?.(line)
    return told !== undefined
  }).then(() => first.resolve(undefined), first.reject)
  return first.promise
}

async function eachLine(stdout: ReadableStream<Uint8Array>, take: (line: string, index: number) => boolean) {
  const decoder = new TextDecoder()
  let rest = ''
  let count = 0
  for await (const chunk of stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (!take(line, count++)) return
  }
}
