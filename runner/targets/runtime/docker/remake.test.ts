import { describe, expect } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service, Verbs } from '../../../contracts/target.ts'
import type { Inspection } from './inspection.ts'
import { VOLUMES_LABEL } from './scripts.ts'
import {
  base,
  container,
  engine,
  labels,
  made,
  makeNetwork,
  named,
  never,
  opened,
  refusal,
  served,
  stateOf,
  useContainers,
  withoutCurl,
} from './test-containers.ts'
import { builtImage } from './test-images.ts'
import { prepare, dockerTest as test } from './testing.ts'

useContainers()
let front = ''
let back = ''
let volume = ''

prepare(async () => {
  front = await makeNetwork('front', { IPAM: { Config: [{ Subnet: '10.213.78.0/24' }] } })
  back = await makeNetwork('back', { IPAM: { Config: [{ Subnet: '10.213.79.0/24' }] } })
  volume = named('volume')
  await (await engine()).bytes('POST', '/volumes/create', { body: { Name: volume, Labels: labels } })
  mkdirSync(join(base, 'conf'))
  writeFileSync(join(base, 'conf', 'a'), 'bound')
})

/** One that has everything that can get lost. */
async function rich(): Promise<{ name: string; web: Service }> {
  const name = named('rich')
  const daemon = await engine()
  await container({
    name,
    start: false,
    labels: { 'com.example/role': 'a "b" $c', 'com.docker.compose.project': 'some' },
    host: {
      NetworkMode: front,
      Binds: [`${join(base, 'conf')}:/conf:ro`, `${volume}:/data`],
      Memory: 96 * 2 ** 20,
      NanoCpus: 7e8,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      Ulimits: [{ Name: 'nofile', Soft: 2000, Hard: 3000 }],
      CapDrop: ['NET_RAW'],
      Tmpfs: { '/scratch': 'size=1m' },
      ExtraHosts: ['elsewhere:10.9.8.7'],
    },
    body: {
      Env: ['A=1', 'B=two words', 'C='],
      User: '1000',
      WorkingDir: '/srv',
      Hostname: 'richhost',
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 3600e9 },
      Volumes: { '/anonymous': {} },
      ExposedPorts: { '80/tcp': {} },
      NetworkingConfig: {
        EndpointsConfig: { [front]: { Aliases: ['db', 'main'], IPAMConfig: { IPv4Address: '10.213.78.9' } } },
      },
    },
  })
  await daemon.bytes('POST', `/networks/${back}/connect`, {
    body: { Container: name, EndpointConfig: { Aliases: ['behind'], IPAMConfig: { IPv4Address: '10.213.79.9' } } },
  })
  await daemon.bytes('POST', `/containers/${name}/start`)
  return { name, web: (await opened({ web: { container: name } })).service('web') }
}

const inspected = async (of: Service) => (await of.state()).json as Inspection

/** Removes a container and its volume without a name, which Docker takes for one with a name once it was made again. */
async function drop(name: string, of: Service): Promise<void> {
  const { Mounts } = await inspected(of)
  const daemon = await engine()
  await daemon.bytes('DELETE', `/containers/${name}?force=1&v=1`)
  const volumes = Mounts.flatMap(({ Name = '' }) => (/^[0-9a-f]{64}$/.test(Name) ? [Name] : []))
  for (const volume of volumes) await daemon.bytes('DELETE', `/volumes/${volume}?force=1`)
}

/** All that has to be the same again; a label more says which of its volumes have no name. */
async function identity(of: Service) {
  const { Name, Config, HostConfig, NetworkSettings, Mounts, State, Id } = await inspected(of)
  const networks = Object.entries(NetworkSettings.Networks).map(([name, { IPAddress, Aliases, IPAMConfig }]) => ({
    name,
    IPAddress,
    IPAMConfig,
    Aliases: (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12)).sort(),
  }))
  const { [VOLUMES_LABEL]: _, ...labels } = Config.Labels
  const { Binds, ...host } = HostConfig as { Binds: string[] | null }
  const mounts = Mounts.map(({ Type, Name: volume, Source, Destination }) => ({ Type, volume, Source, Destination }))
  return {
    Name,
    Config: {
      ...Config,
      Labels: labels,
      Env: [...(Config.Env ?? [])].sort(),
      Hostname: Config['Hostname'] === Id.slice(0, 12) ? 'its own' : Config['Hostname'],
    },
    host,
    running: State.Status,
    networks: networks.sort((a, b) => a.name.localeCompare(b.name)),
    mounts: mounts.sort((a, b) => a.Destination.localeCompare(b.Destination)),
  }
}

describe.each([['curl'], ['perl']])('a container that is made again is the same, by %s', (by) => {
  const env = () => (by === 'perl' ? { PATH: withoutCurl() } : {})
  const cycle = async (of: Service, make: (verbs: Verbs) => Promise<import('../../../contracts/undo.ts').Change>) => {
    const before = await identity(of)
    const fault = await made(of, make, env())
    const during = await of.state()
    expect((await fault.verify()).code).toBe(1)
    expect(await fault.undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect(await identity(of)).toEqual(before)
    const { Id } = await inspected(of)
    for (let round = 0; round < 2; round++) expect(await fault.undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect([(await inspected(of)).Id, (await fault.verify()).code]).toEqual([Id, 0])
    return { fault, during }
  }

  test('removed', async () => {
    const { web, name } = await rich()
    await web.exec({ sh: 'id' }, {}, never)
    const { fault, during } = await cycle(web, (verbs) => verbs.remove({ volumes: 'keep' }))
    expect([fault.change.does, fault.evidence, during.state]).toEqual(['removes web', 'web is gone', 'removed'])
    const { stdout } = await web.exec(
      { sh: 'cat /conf/a; id -u; pwd; echo $B; getent hosts elsewhere | cut -d" " -f1' },
      {},
      never,
    )
    expect(Buffer.from(stdout).toString()).toBe('bound1000\n/srv\ntwo words\n10.9.8.7\n')
    await drop(name, web)
  })
  test('with another environment', async () => {
    const { web, name } = await rich()
    const { during, fault } = await cycle(web, (verbs) => verbs.environment({ B: 'other', C: null, D: 'new=1' }))
    const { Config, Mounts } = during.json as Inspection
    expect(Config.Env?.filter((pair) => /^[ABCD]=/.test(pair)).sort()).toEqual(['A=1', 'B=other', 'D=new=1'])
    expect(Mounts.map(({ Destination }) => Destination).sort()).toContain('/anonymous')
    expect(fault.change.does).toBe('gives web another B, C, D')
    await drop(name, web)
  })
  test('out of another image', async () => {
    const other = await builtImage('other', 'FROM debian:bookworm-slim\nRUN echo other >/etc/which\n')
    const { web, name } = await rich()
    const { during } = await cycle(web, (verbs) => verbs.image(other))
    expect(during.image).toBe(other)
    await drop(name, web)
  })
})

describe('what would be lost is refused', () => {
  test('volumes without a name, unless they are to be kept', async () => {
    const { web, name } = await served({ body: { Volumes: { '/anonymous': {} } } })
    expect(await refusal(Promise.resolve(web.verbs.remove?.()))).toBe(`${name} has volumes without a name (/anonymous)`)
    await web.exec({ sh: 'echo kept >/anonymous/a' }, {}, never)
    const { undo } = await made(web, (verbs) => verbs.remove({ volumes: 'keep' }))
    expect((await undo()).code).toBe(0)
    expect(Buffer.from((await web.files.read('/anonymous/a')) ?? []).toString()).toBe('kept\n')
    await drop(name, web)
  })
  test('one that Docker removes itself', async () => {
    const { web, name } = await served({ host: { AutoRemove: true } })
    expect(await refusal(Promise.resolve(web.verbs.remove?.()))).toStartWith(`${name} is removed by Docker itself`)
  })
  test('an image that is not here', async () => {
    const { web } = await served()
    expect(await refusal(Promise.resolve(web.verbs.image?.('no/such:image')))).toBe(
      'there is no image "no/such:image" here',
    )
  })
})

describe('what happens meanwhile', () => {
  test('somebody else made one of that name: it counts, and is only started', async () => {
    const { web, name } = await served()
    const { undo, verify } = await made(web, (verbs) => verbs.remove())
    await container({ name, start: false, labels: { theirs: 'yes' } })
    expect(await undo()).toMatchObject({ code: 0, err: '' })
    expect([await stateOf(web), (await inspected(web)).Config.Labels['theirs'], (await verify()).code]).toEqual([
      'running',
      'yes',
      0,
    ])
  })
  test('somebody else removed the changed one: the one before it is made again', async () => {
    const { web, name } = await served()
    const before = await identity(web)
    const { undo, verify } = await made(web, (verbs) => verbs.environment({ X: '1' }))
    await (await engine()).bytes('DELETE', `/containers/${name}?force=1`)
    expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(await identity(web)).toEqual(before)
  })
  test('one that did not run is made again and not started', async () => {
    const name = await container({ start: false })
    const web = (await opened({ web: { container: name } })).service('web')
    const { undo, verify } = await made(web, (verbs) => verbs.remove())
    expect([(await undo()).code, (await verify()).code, await stateOf(web)]).toEqual([0, 0, 'created'])
  })
  test('values that may be secrets stand in no script', async () => {
    const { web } = await served({ body: { Env: ['PASSWORD=tell-nobody'] } })
    const change = await web.verbs.remove?.()
    expect(`${change?.undo?.sh}${change?.undo?.verify}`).not.toContain('tell-nobody')
  })
})
