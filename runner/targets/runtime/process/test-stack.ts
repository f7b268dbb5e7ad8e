/** What the tests of this runtime have in common. */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Runtime, RuntimeHost, Verbs } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { run, until } from '../../transport/conformance/run.ts'
import { localTransport } from '../../transport/local.ts'
import { describeSsh, type TestServer, testServer } from '../../transport/ssh/testing.ts'
import { sshTransport } from '../../transport/ssh.ts'
import { processRuntime } from '../process.ts'
import { answers, testHost } from './test-host.ts'

const SERVICE = join(import.meta.dir, 'testdata/service.ts')
const here = localTransport()
let transport: Transport = here
export const never = new AbortController().signal
export const sleeper = { command: ['sleep', '1000'] }
export const web = { command: ['bun', SERVICE], port: 'auto', ready: {} }

export let base = ''
export let home = ''
let journal = ''
let entries = 0
let open: Runtime[] = []

/** The same tests with the services on this machine, and on a host over SSH, which is this machine, too. */
export function onEachMachine(tests: (is: { far: boolean }) => void): void {
  describe('on this machine', () => tests({ far: false }))
  describeSsh('on a host', () => {
    let server: TestServer
    beforeAll(async () => {
      server = await testServer()
      transport = await sshTransport(server.spec)
    })
    afterAll(async () => {
      await transport[Symbol.asyncDispose]()
      transport = here
      await server[Symbol.asyncDispose]()
    })
    tests({ far: true })
  })
}

/** Folders of their own for each test; what it opened is closed after it. */
export function useFolders(): void {
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sd process it’s-'))
    for (const name of ['home', 'journal']) mkdirSync(join(base, name))
    home = join(base, 'home')
    journal = join(base, 'journal')
    open = []
  })
  afterEach(async () => {
    for (const runtime of open) await runtime[Symbol.asyncDispose]()
    rmSync(base, { recursive: true, force: true })
  })
}

/** Opens a runtime, without starting anything. */
export async function opened(services: object, more: { ready?: RuntimeHost['ready']; defaults?: object } = {}) {
  const folder = mkdtempSync(join(base, 'work-'))
  const host = testHost({
    folder,
    home,
    ready:
      more.ready ??
      (async (name) => ({ holds: await answers(runtime.service(name).names().port ?? 0), says: 'nothing listens' })),
  })
  const runtime: Runtime = await processRuntime.open(
    { services, defaults: more.defaults, directory: home },
    transport,
    host,
  )
  open.push(runtime)
  return {
    runtime,
    host,
    stack: join(
      transport === here ? folder : join(transport.folder ?? '', '.shakedown/work', basename(folder)),
      'services',
    ),
  }
}

export async function up(...parameters: Parameters<typeof opened>) {
  const { runtime, host, stack } = await opened(...parameters)
  const change = (await runtime.up()) as Change
  const down = scripts(change)
  await change.apply(never)
  return { runtime, host, stack, down }
}

/** Writes an undo as the journal does; it is run by `sh` in a fresh process. */
export function scripts({ undo }: Change) {
  const at = join(journal, String(++entries).padStart(4, '0'))
  writeFileSync(`${at}.sh`, `${undo?.sh}\n`)
  writeFileSync(`${at}.verify`, `${undo?.verify}\n`)
  const runFile = (path: string) => run(here, { argv: ['sh', path] }, { cwd: '/' })
  return { undo: () => runFile(`${at}.sh`), verify: () => runFile(`${at}.verify`) }
}

/** Journals, makes and waits for the effect, as the engine does. */
export async function made(runtime: Runtime, service: string, make: (verbs: Verbs) => Promise<Change>) {
  const change = await make(runtime.service(service).verbs as Verbs)
  const written = scripts(change)
  await change.apply(never)
  let evidence = ''
  await until(async () => {
    const seen = await change.inEffect?.(never)
    if (seen?.yes) evidence = seen.evidence
    return seen?.yes === true
  }, change.does)
  return { change, evidence, ...written }
}

export const pidOf = async (runtime: Runtime, name: string) => (await runtime.service(name).state()).pid ?? 0
export const stateOf = async (runtime: Runtime, name: string) => (await runtime.service(name).state()).state

/** Zombies count as dead. */
export function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}
