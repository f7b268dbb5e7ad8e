import { afterAll, describe, expect } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isError } from '../../../contracts/errors.ts'
import type { RuntimeHost } from '../../../contracts/target.ts'
import type { Change } from '../../../contracts/undo.ts'
import { run } from '../../transport/conformance/run.ts'
import { base, engine, made, never, opened, refusal, scripts, transport, useContainers } from './test-containers.ts'
import { dockerTest as test } from './testing.ts'

useContainers()
let count = 0
const RUN = `composetest${process.pid}`
const IMAGE = 'debian:bookworm-slim'

interface Stack {
  readonly compose: string | Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly services?: object
  readonly defaults?: object
}

/** A stack in a folder of its own; its labels tell it from every other. */
async function stackOf({ compose, files = {}, environment = {}, services = {}, defaults }: Stack) {
  const folder = join(base, `stack ${++count}`)
  mkdirSync(folder)
  const texts = typeof compose === 'string' ? { 'compose.yaml': compose } : compose
  for (const [name, text] of Object.entries({ ...texts, ...files })) writeFileSync(join(folder, name), text)
  const notes: string[] = []
  const host: Partial<RuntimeHost> = {
    home: folder,
    labels: { run: RUN, case: `c${count}`, plan: 'plan.yaml' },
    environment: () => environment,
    note: (message) => void notes.push(message),
  }
  const runtime = await opened(services as Record<string, object>, {
    host,
    config: { compose: Object.keys(texts), defaults },
  })
  return { runtime, notes, folder, project: `shakedown-${RUN}-c${count}` }
}

async function up(of: Stack) {
  const stack = await stackOf(of)
  const change = (await stack.runtime.up()) as Change
  const down = scripts(change)
  return { ...stack, down, begun: change.apply(never) }
}

/** Everything of these stacks that is there. */
async function left(project = ''): Promise<readonly string[]> {
  const daemon = await engine()
  const label = project === '' ? `shakedown.run=${RUN}` : `com.docker.compose.project=${project}`
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  const containers = await daemon.json<{ Names: string[] }[]>('GET', `/containers/json?all=1&filters=${filters}`)
  const networks = await daemon.json<{ Name: string }[]>('GET', `/networks?filters=${filters}`)
  const { Volumes } = await daemon.json<{ Volumes: { Name: string }[] | null }>('GET', `/volumes?filters=${filters}`)
  return [
    ...containers.flatMap(({ Names }) => Names),
    ...networks.map(({ Name }) => Name),
    ...(Volumes ?? []).map(({ Name }) => Name),
  ]
}

/** Also of what a failed test has left. */
afterAll(async () => {
  for (let at = 1; at <= count; at++) {
    const project = `shakedown-${RUN}-c${at}`
    if ((await left(project)).length > 0)
      await run(transport, { argv: ['docker', 'compose', '--project-name', project, 'down', '-v', '-t', '0'] })
  }
}, 60_000)

const SLEEPS = `image: ${IMAGE}
    init: true
    command: [sleep, "1000"]`

describe.each([['docker compose'], ['docker-compose']])('a stack by %s', (command) => {
  const chosen = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = process.env['SHAKEDOWN_COMPOSE']
    process.env['SHAKEDOWN_COMPOSE'] = command
    try {
      return await work()
    } finally {
      if (before === undefined) delete process.env['SHAKEDOWN_COMPOSE']
      else process.env['SHAKEDOWN_COMPOSE'] = before
    }
  }

  test('comes up in a project of its own, labelled, and goes with its volumes by its script alone', () =>
    chosen(async () => {
      const { runtime, begun, down, project, notes } = await up({
        compose: `
version: "3.8"
services:
  web:
    ${SLEEPS}
    volumes: ["data:/data", "/anonymous"]
    networks: [front]
    environment: { POOL: "\${POOL}" }
  db:
    ${SLEEPS}
volumes: { data: {} }
networks: { front: {} }
`,
        environment: { POOL: 'from the target' },
      })
      await begun
      expect(runtime.names()).toEqual(['db', 'web'])
      expect(notes.at(-1)).toBe('starting db, web')
      const web = runtime.service('web')
      expect(await web.state({ health: true })).toMatchObject({ state: 'running' })
      const { stdout } = await web.exec({ sh: 'echo $POOL' }, {}, never)
      expect(Buffer.from(stdout).toString()).toBe('from the target\n')
      const { Config, Mounts } = (await web.state()).json as { Config: { Labels: object }; Mounts: { Name: string }[] }
      expect(Config.Labels).toMatchObject({
        'shakedown.run': RUN,
        'shakedown.plan': 'plan.yaml',
        'com.docker.compose.project': project,
      })
      const again = await made(web, (verbs) => verbs.remove({ volumes: 'keep' }))
      expect(await again.undo()).toMatchObject({ code: 0, err: '' })
      expect((await down.verify()).code).toBe(1)
      for (let round = 0; round < 2; round++) expect(await down.undo()).toMatchObject({ code: 0, err: '' })
      expect(await down.verify()).toMatchObject({ code: 0, err: '' })
      expect(await left(project)).toEqual([])
      const volumes = await run(transport, { argv: ['docker', 'volume', 'ls', '-q'] })
      for (const { Name } of Mounts) expect(volumes.out).not.toContain(Name)
    }))

  test('several files are one stack; replicas have names of their own', () =>
    chosen(async () => {
      const { runtime, begun, down } = await up({
        compose: {
          'compose.yaml': `version: "3.8"\nservices:\n  web:\n    ${SLEEPS}\n`,
          'more.yaml': `version: "3.8"\nservices:\n  web:\n    environment: { MORE: "yes" }\n  agent:\n    ${SLEEPS}\n    deploy: { replicas: 2 }\n`,
        },
      })
      await begun
      const names = runtime.names().toSorted()
      expect(names).toContain('web')
      const { stdout } = await runtime.service('web').exec({ sh: 'echo $MORE' }, {}, never)
      expect(Buffer.from(stdout).toString()).toBe('yes\n')
      expect((await down.undo()).code).toBe(0)
      // v1 takes `deploy` for a swarm alone.
      if (command === 'docker compose') expect(names).toEqual(['agent', 'agent[1]', 'agent[2]', 'web'])
    }))

  test('images are built first, and what fails there is shown', () =>
    chosen(async () => {
      const compose = `version: "3.8"\nservices:\n  web:\n    build: .\n    command: [sleep, "1000"]\n    init: true\n`
      const good = await up({ compose, files: { Dockerfile: `FROM ${IMAGE}\nCOPY note /note\n`, note: 'built' } })
      await good.begun
      expect(good.notes).toEqual(['building web', 'starting web'])
      expect(Buffer.from((await good.runtime.service('web').files.read('/note')) ?? []).toString()).toBe('built')
      expect((await good.down.undo()).code).toBe(0)
      const bad = await up({ compose, files: { Dockerfile: `FROM ${IMAGE}\nCOPY no-such-file /note\n` } })
      const error = await bad.begun.catch((thrown) => thrown)
      expect(isError(error, 'target')).toBe(true)
      expect(error.message).toMatch(/^compose\.yaml could not be built: .*no-such-file/)
      expect((await bad.down.undo()).code).toBe(0)
      const wrong = await up({
        compose,
        files: { Dockerfile: `FROM ${IMAGE}\nRUN echo "no such library" && exit 3\n` },
      })
      const refused = await wrong.begun.catch((thrown) => thrown)
      expect(refused.message).toMatch(/^compose\.yaml could not be built: .*: no such library$/)
      expect((await wrong.down.undo()).code).toBe(0)
    }))

  test('an image that is neither here nor anywhere is named, before anything starts', () =>
    chosen(async () => {
      const { begun, down, project } = await up({
        compose: `version: "3.8"\nservices:\n  web:\n    ${SLEEPS}\n  db:\n    image: shakedown.invalid/no/such:image\n`,
      })
      const error = await begun.catch((thrown) => thrown)
      expect(error.message).toStartWith(
        'compose.yaml needs the image shakedown.invalid/no/such:image, which is not here and can’t be pulled: ',
      )
      expect(await left(project)).toEqual([])
      expect((await down.undo()).code).toBe(0)
    }))

  test('an error in a file is told as Compose tells it, with the file', () =>
    chosen(async () => {
      for (const [compose, says] of [
        ['version: "3.8"\nservices:\n  web:\n    image: x\n    prots: ["80"]\n', /prots/],
        ['services: [', /yaml|parsing|flow/i],
        ['version: "3.8"\nservices:\n  web:\n    image: x\n    depends_on: [nobody]\n', /nobody/],
        ['', /.+/],
      ] as const) {
        const message = await refusal(stackOf({ compose }))
        expect(message).toStartWith('compose.yaml is not a stack: ')
        expect(message).toMatch(says)
      }
      expect(await refusal(opened({}, { config: { compose: 'none.yaml' } }))).toMatch(
        /^there is no compose file .*none\.yaml/,
      )
    }))

  test('a service that exits at its start ends the wait at once, with its code and last lines', () =>
    chosen(async () => {
      const { begun, down } = await up({
        compose: `version: "3.8"\nservices:\n  web:\n    image: ${IMAGE}\n    command: [sh, -c, "echo first; echo no config >&2; exit 3"]\n  db:\n    ${SLEEPS}\n`,
      })
      const error = await begun.catch((thrown) => thrown)
      expect(error.message).toBe('web exited with 3 before it was ready')
      expect(error.details.logs).toEqual([{ service: 'web', lines: expect.arrayContaining(['first', 'no config']) }])
      expect((await down.undo()).code).toBe(0)
    }))
})

describe('a stack', () => {
  test('is up when it is healthy, and one that does not get so is told with what it is', async () => {
    const check = (test: string) => `healthcheck: { test: ["CMD-SHELL", "${test}"], interval: 100ms, retries: 2 }`
    const healthy = await up({
      compose: `services:\n  web:\n    ${SLEEPS}\n    ${check('test -e /tmp/up || { touch /tmp/up; false; }')}\n`,
    })
    await healthy.begun
    expect((await healthy.runtime.service('web').state()).health).toBe('healthy')
    expect((await healthy.down.undo()).code).toBe(0)
    const sick = await up({
      compose: `services:\n  web:\n    ${SLEEPS}\n    ${check('echo no database; exit 1')}\n`,
      defaults: { up: '1s' },
    })
    const error = await sick.begun.catch((thrown) => thrown)
    expect(error.message).toBe(
      'web was not ready within 1s: it is unhealthy (waited for its health check to succeed: echo no database; exit 1)',
    )
    const [output] = error.details.outputs
    expect([output.of, Buffer.from(output.stdout).toString()]).toEqual([
      'the health check of web (exit 1)',
      'no database\n',
    ])
    expect((await sick.down.undo()).code).toBe(0)
  })
  test('may have services that do their work and go', async () => {
    const { runtime, begun, down } = await up({
      compose: `services:\n  setup:\n    image: ${IMAGE}\n    command: [echo, done]\n  web:\n    ${SLEEPS}\n`,
    })
    await begun
    expect(await runtime.service('setup').state()).toMatchObject({ state: 'exited', exit: 0 })
    expect((await down.undo()).code).toBe(0)
  })
  test('leaves external networks and volumes, and those of others, alone', async () => {
    const daemon = await engine()
    const name = `${RUN}-external`
    const Labels = { 'shakedown.run': RUN }
    await daemon.bytes('POST', '/volumes/create', { body: { Name: name, Labels } })
    await daemon.bytes('POST', '/networks/create', { body: { Name: name, Labels } })
    try {
      const { begun, down, project } = await up({
        compose: `services:\n  web:\n    ${SLEEPS}\n    volumes: ["theirs:/data"]\n    networks: [theirs]\nvolumes: { theirs: { external: true, name: ${name} } }\nnetworks: { theirs: { external: true, name: ${name} } }\n`,
      })
      await begun
      expect((await down.undo()).code).toBe(0)
      expect([await left(project), (await left()).toSorted()]).toEqual([[], [name, name]])
    } finally {
      await daemon.bytes('DELETE', `/volumes/${name}?force=1`)
      await daemon.bytes('DELETE', `/networks/${name}`)
    }
  })
  test('is one of ten at once, each with its own containers and network, and none is left', async () => {
    const compose = `services:\n  web:\n    image: ${IMAGE}\n    init: true\n    command: [sleep, "1000"]\n`
    const stacks = []
    for (let i = 0; i < 10; i++) stacks.push(await up({ compose }))
    await Promise.all(stacks.map(({ begun }) => begun))
    const addresses = new Set(stacks.map(({ runtime }) => runtime.service('web').names().address))
    expect(addresses.size).toBe(10)
    const ends = await Promise.all(stacks.map(({ down }) => down.undo()))
    expect(ends.map(({ code, err }) => `${code}${err}`)).toEqual(Array.from({ length: 10 }, () => '0'))
    expect(await left()).toEqual([])
  })
})

test('a Compose that is chosen and does not work is told', async () => {
  process.env['SHAKEDOWN_COMPOSE'] = 'no-such-compose'
  try {
    expect(await refusal(stackOf({ compose: 'services: {}' }))).toBe(
      'SHAKEDOWN_COMPOSE is "no-such-compose", and `no-such-compose version` does not work',
    )
  } finally {
    delete process.env['SHAKEDOWN_COMPOSE']
  }
})
