/** What the tests of this runtime have in common: containers of their own, by a label that all of them carry, and gone with them. */
import { afterAll, setDefaultTimeout } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, RuntimeHost, Service, Verbs } from '../../../contracts/target.ts'
import type { Change } from '../../../contracts/undo.ts'
import { effectOf, run } from '../../transport/conformance/run.ts'
import { localTransport } from '../../transport/local.ts'
import { dockerRuntime } from '../docker.ts'
import { testHost } from '../process/test-host.ts'
import { daemonAddress } from './daemon.ts'
import { Engine } from './engine.ts'
import { prepare } from './testing.ts'

export const BASE = 'debian:bookworm-slim'
export const transport = localTransport()
export const never = new AbortController().signal
const [key, mark] = ['shakedown.test', `${process.pid}-${randomBytes(3).toString('hex')}`]
export const labels = { [key]: mark }

export let base = ''
let entries = 0
let open: Runtime[] = []

/** A folder and an end for a file of tests: containers, networks and volumes with our label go, whatever failed. */
export function useContainers(): void {
  setDefaultTimeout(60_000)
  prepare(() => {
    base = mkdtempSync(join(tmpdir(), 'sd docker it’s-'))
  })
  afterAll(async () => {
    if (base === '') return
    for (const runtime of open) await runtime[Symbol.asyncDispose]()
    open = []
    network = undefined
    await removeOurs()
    rmSync(base, { recursive: true, force: true })
    base = ''
  }, 60_000)
}

export const engine = () => Engine.open(transport, daemonAddress(undefined, transport))

async function removeOurs(): Promise<void> {
  const daemon = await engine()
  const filters = encodeURIComponent(JSON.stringify({ label: [`${key}=${mark}`] }))
  const all = await daemon.json<{ Id: string }[]>('GET', `/containers/json?all=1&filters=${filters}`)
  await Promise.all(all.map(({ Id }) => daemon.bytes('DELETE', `/containers/${Id}?force=1&v=1`).catch(() => undefined)))
  for (const { Id } of await daemon.json<{ Id: string }[]>('GET', `/networks?filters=${filters}`))
    await daemon.bytes('DELETE', `/networks/${Id}`)
  const { Volumes } = await daemon.json<{ Volumes: { Name: string }[] | null }>('GET', `/volumes?filters=${filters}`)
  for (const { Name } of Volumes ?? []) await daemon.bytes('DELETE', `/volumes/${Name}?force=1`)
}

interface Container {
  readonly name?: string
  readonly command?: readonly string[]
  readonly image?: string
  /** More of what `POST /containers/create` takes. */
  readonly body?: Readonly<Record<string, unknown>>
  readonly host?: Readonly<Record<string, unknown>>
  readonly labels?: Readonly<Record<string, string>>
  readonly start?: boolean
}

let network: Promise<string> | undefined

/** A network for all containers of a file: the default bridge belongs to everybody. */
export function ownNetwork(): Promise<string> {
  network ??= makeNetwork('net')
  return network
}

/** Makes one more; its name. */
export async function makeNetwork(word: string, more: object = {}): Promise<string> {
  const Name = named(word)
  await (await engine()).bytes('POST', '/networks/create', {
    body: { Name, Labels: labels, CheckDuplicate: true, ...more },
  })
  return Name
}

let count = 0
export const named = (word = 'c') => `sd-test-${mark}-${word}-${++count}`

/** Sleeps until it is told to end, and says when it was. */
export const SLEEPS = [
  'perl',
  '-e',
  '$|=1; $SIG{TERM}=sub{print "told to stop\\n";exit 0}; print "up\\n"; sleep 1 while 1',
]

/** Answers `{"a":1}` on its port and logs each request. */
export const SERVES = [
  'perl',
  '-e',
  `use IO::Socket::INET; $|=1; $SIG{TERM}=sub{exit 0};
my $s=IO::Socket::INET->new(LocalPort=>80,Listen=>50,ReuseAddr=>1) or die $!; print "listening\\n";
while(my $c=$s->accept){ my $l=<$c>; print "got $l"; while(<$c>){last if /^\\r?\\n$/}
my $b='{"a":1}'; print $c "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\nContent-Length: ".length($b)."\\r\\n\\r\\n$b"; close $c }`,
]

/** Makes and starts a container; its name. */
export async function container(of: Container = {}): Promise<string> {
  const { name = named(), command = SLEEPS, image = BASE, body = {}, host = {}, start = true } = of
  const daemon = await engine()
  await daemon.bytes('POST', `/containers/create?name=${name}`, {
    body: {
      Image: image,
      Cmd: command,
      Labels: { ...labels, ...of.labels },
      HostConfig: { NetworkMode: await ownNetwork(), ...host },
      ...body,
    },
  })
  if (start) await daemon.bytes('POST', `/containers/${name}/start`)
  return name
}

/** Opens a target of containers that are there. */
export async function opened(
  services: Readonly<Record<string, object>>,
  more: { config?: object; host?: Partial<RuntimeHost> } = {},
): Promise<Runtime> {
  const folder = mkdtempSync(join(base, 'work-'))
  const host = { ...testHost({ folder, home: base }), ...more.host }
  const runtime = await dockerRuntime.open({ services, ...more.config }, transport, host)
  open.push(runtime)
  return runtime
}

/** A container of its own as the service `web`. */
export async function served(of: Container = {}): Promise<{ name: string; web: Service; runtime: Runtime }> {
  const name = await container(of)
  const runtime = await opened({ web: { container: name } })
  return { name, web: runtime.service('web'), runtime }
}

/** What an undo needs beside the shell, without `curl`: perl speaks to the daemon then. */
const TOOLS =
  'sh mktemp sed grep tr cat rm head tail perl sort tar awk sha256sum cut expr sleep mkdir date ls wc diff'.split(' ')

export const withoutCurl = () => onlyWith('bin', TOOLS)

/** Neither `curl` nor `perl`: a container speaks to the daemon then. */
export const withDockerAlone = () => onlyWith('docker-alone', [...TOOLS.filter((tool) => tool !== 'perl'), 'docker'])

export const withoutAnyOf = () =>
  onlyWith(
    'mute',
    TOOLS.filter((tool) => tool !== 'perl'),
  )

function onlyWith(name: string, tools: readonly string[]): string {
  const folder = join(base, name)
  mkdirSync(folder, { recursive: true })
  for (const tool of tools) {
    const found = Bun.which(tool)
    if (found) symlinkIfMissing(found, join(folder, tool))
  }
  return folder
}

function symlinkIfMissing(to: string, at: string): void {
  try {
    symlinkSync(to, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Writes an undo as the journal does; it is run by `sh` in a process of its own. */
export function scripts({ undo }: Change, { PATH }: { PATH?: string | undefined } = {}) {
  const folder = join(base, 'journal')
  mkdirSync(folder, { recursive: true })
  const id = ++entries
  const at = join(folder, String(id).padStart(4, '0'))
  writeFileSync(`${at}.sh`, `${undo?.sh}\n`)
  writeFileSync(`${at}.verify`, `${undo?.verify}\n`)
  for (const [name, bytes] of Object.entries(undo?.keeps ?? {})) writeFileSync(`${at}.${name}`, bytes)
  const state = (word: string) =>
    appendFileSync(join(folder, 'journal.jsonl'), `${JSON.stringify({ id, state: word, uptime: 1 })}\n`)
  state('intent')
  const runFile = (path: string, more: Record<string, string> = {}) =>
    run(transport, { argv: ['/bin/sh', path] }, { cwd: '/', env: { ...(PATH ? { PATH } : {}), ...more } })
  return {
    undo: (env?: Record<string, string>) => runFile(`${at}.sh`, env),
    verify: () => runFile(`${at}.verify`),
    applied: () => state('applied'),
    left: (files: Readonly<Record<string, Uint8Array>>) => {
      for (const [name, bytes] of Object.entries(files)) writeFileSync(`${at}.${name}`, bytes)
    },
  }
}

/** Journals, makes and waits for the effect, as the engine does. */
export async function made(of: Service, make: (verbs: Verbs) => Promise<Change>, env: { PATH?: string } = {}) {
  const change = await make(of.verbs as Verbs)
  const { applied, ...written } = scripts(change, env)
  await change.apply(never)
  applied()
  return { change, evidence: await effectOf(change), ...written }
}

export const stateOf = async (service: Service) => (await service.state()).state

/** The message of what is thrown. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was thrown',
    (error) => (error as Error).message,
  )
}
