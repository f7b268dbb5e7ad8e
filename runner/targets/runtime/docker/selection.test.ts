import { describe, expect } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { container, engine, named, opened, refusal, useContainers } from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()
const app = `app-${randomBytes(3).toString('hex')}`

const nameOf = async (service: { state(): Promise<{ json: unknown }> }) =>
  ((await service.state()).json as { Name: string }).Name.slice(1)

describe('which containers are a service', () => {
  test('by name, exactly: signs of regular expressions are none, and parts of a name are not it', async () => {
    const name = named('a.b')
    await container({ name: name.replace('a.b', 'axb') })
    await container({ name: `${name}-more` })
    expect(await refusal(opened({ web: { container: name } }))).toBe(
      `no container is "web": nothing matches the name ${name}`,
    )
    await container({ name })
    expect(await nameOf((await opened({ web: { container: name } })).service('web'))).toBe(name)
  })
  test('by label, with its value or without; several are replicas, one by one or all', async () => {
    const names = [named('r1'), named('r2'), named('r10')]
    for (const name of [names[2], names[0], names[1]]) await container({ name: name as string, labels: { app } })
    const runtime = await opened({ web: { label: `app=${app}` } })
    expect(runtime.names()).toEqual(['web', 'web[1]', 'web[2]', 'web[3]'])
    expect(await Promise.all([1, 2, 3].map((at) => nameOf(runtime.service(`web[${at}]`))))).toEqual(names)
    await (await engine()).bytes('POST', `/containers/${names[1]}/kill`)
    expect(await runtime.service('web').state()).toMatchObject({ state: 'exited' })
    expect(await runtime.service('web[1]').state()).toMatchObject({ state: 'running' })
    expect(await runtime.service('web[2]').state()).toMatchObject({ state: 'exited', exit: 137 })
    expect(await refusal(opened({ web: { label: 'app=nobody' } }))).toBe(
      'no container is "web": nothing matches the label app=nobody',
    )
  })
  test('of a project that runs already: all of its services, and never one-off containers', async () => {
    const project = { 'com.docker.compose.project': app, 'com.docker.compose.oneoff': 'False' }
    for (const [service, number] of [
      ['web', '2'],
      ['web', '1'],
      ['db', '1'],
    ])
      await container({
        labels: {
          ...project,
          'com.docker.compose.service': service as string,
          'com.docker.compose.container-number': number as string,
        },
      })
    await container({
      labels: { ...project, 'com.docker.compose.service': 'run', 'com.docker.compose.oneoff': 'True' },
    })
    const runtime = await opened({}, { config: { project: app } })
    expect(runtime.names()).toEqual(['db', 'web', 'web[1]', 'web[2]'])
    expect(await runtime.up()).toBeUndefined()
    expect(await refusal(opened({}, { config: { project: 'nobody' } }))).toBe(
      'there is no running Compose project "nobody": look at `docker compose ls`',
    )
  })
  test('a service without a container, and a name that the target does not have', async () => {
    expect(await refusal(opened({ web: { port: 80 } }))).toBe(
      'service "web" has no container: write `container: NAME` or `label: KEY=VALUE`',
    )
    const runtime = await opened({ web: { container: await container() } })
    expect(() => runtime.service('wbe')).toThrow('this target has no service "wbe": it has web')
  })
})

describe('where a service listens', () => {
  test('on its one port, on the one that is said, or on the one asked for', async () => {
    const one = await container({ body: { ExposedPorts: { '8080/tcp': {}, '53/udp': {} } } })
    const two = await container({ body: { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } } })
    const runtime = await opened({
      one: { container: one },
      two: { container: two },
      said: { container: two, port: 81 },
    })
    const portOf = async (name: string, asked?: number) =>
      ((await runtime.service(name).endpoint(asked)) as { port: number } | undefined)?.port
    expect([await portOf('one'), await portOf('one', 90), await portOf('said')]).toEqual([8080, 90, 81])
    expect(await refusal(portOf('two'))).toStartWith('two declares no port and exposes several: 80, 81.')
  })
  test('one that is down refuses, whatever it would listen to', async () => {
    const name = await container({ body: { ExposedPorts: { '80/tcp': {} } } })
    const web = (await opened({ web: { container: name } })).service('web')
    await (await engine()).bytes('POST', `/containers/${name}/kill`)
    const error = await web.endpoint().catch((thrown) => thrown)
    expect([error.shows, error.message]).toEqual([
      { reachable: false, resolves: true },
      'web is exited, so nobody listens there',
    ])
  })
})
