/** What the tests of this runtime have in common: one machine for a file of tests, reached over SSH. */
import { afterAll, setDefaultTimeout } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, RuntimeHost, Verbs } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import type { Change } from '../../../contracts/undo.ts'
import { effectOf, run } from '../../transport/conformance/run.ts'
import { sshTransport } from '../../transport/ssh.ts'
import { testHost } from '../process/test-host.ts'
import { systemdRuntime } from '../systemd.ts'
import { prepare, type TestMachine, type TestMachineOptions, testMachine } from './test-machine.ts'

export const never = new AbortController().signal
export let machine: TestMachine
export let transport: Transport
let home = ''
let entries = 0
let open: Runtime[] = []

export function useMachine(options: TestMachineOptions = {}): void {
  setDefaultTimeout(60_000)
  prepare(async () => {
    home = mkdtempSync(join(tmpdir(), 'sd systemd it’s-'))
    machine = await testMachine(options)
    transport = await sshTransport(machine.spec)
  }, 300_000)
  afterAll(async () => {
    for (const runtime of open) await runtime[Symbol.asyncDispose]()
    open = []
    await transport?.[Symbol.asyncDispose]()
    await machine?.[Symbol.asyncDispose]()
    if (home !== '') rmSync(home, { recursive: true, force: true })
  }, 60_000)
}

/** Opens a target of units. */
export async function opened(
  services: Readonly<Record<string, object>>,
  more: { host?: Partial<RuntimeHost>; through?: Transport } = {},
): Promise<Runtime> {
  const host = { ...testHost({ folder: join(home, 'work'), home }), ...more.host }
  const runtime = await systemdRuntime.open({ services }, more.through ?? transport, host)
  open.push(runtime)
  return runtime
}

/** Lies where targets.yaml would. */
export const beside = (name: string) => join(home, name)

/** Writes an undo on the machine as the journal does; it is run by `sh` in a process of its own. */
export async function scripts({ undo }: Change) {
  const at = `/root/${String(++entries).padStart(4, '0')}`
  await transport.files.write(`${at}.sh`, Buffer.from(`${undo?.sh}\n`))
  await transport.files.write(`${at}.verify`, Buffer.from(`${undo?.verify}\n`))
  const runFile = (path: string) => run(transport, { argv: ['sh', path] }, { cwd: '/' })
  return { at, undo: () => runFile(`${at}.sh`), verify: () => runFile(`${at}.verify`) }
}

/** Journals, makes and waits for the effect, as the engine does. */
export async function made(runtime: Runtime, name: string, make: (verbs: Verbs) => Promise<Change>) {
  const change = await make(runtime.service(name).verbs as Verbs)
  const written = await scripts(change)
  await change.apply(never)
  return { change, evidence: await effectOf(change), ...written }
}

export const stateOf = async (runtime: Runtime, name: string) => (await runtime.service(name).state()).state

/** The message of what is thrown. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was thrown',
    (error) => (error as Error).message,
  )
}
