/** What the tool costs on containers, beside the same by hand; nothing where there is no Docker. */
import { join } from 'node:path'
import { builtInKinds } from '../runner/commands/kinds.ts'
import { makeCondition } from '../runner/condition.ts'
import { openTransport } from '../runner/targets/index.ts'
import { bindTarget } from '../runner/targets/target.ts'
import { waitFor } from '../runner/wait.ts'
import { fastest, median, middle } from './measure.ts'
import type { Line } from './row.ts'

const ROUNDS = 30

export async function* onContainers(root: string, cli: string, folder: string): AsyncGenerator<Line> {
  if (Bun.spawnSync(['docker', 'image', 'inspect', 'debian:bookworm-slim']).exitCode !== 0) {
    yield { note: 'containers: not measured, there is no Docker with debian:bookworm-slim here' }
    return
  }
  yield* onOne(folder)
  const plan = [
    join(root, 'plans', 'node-down.yaml'),
    '--target',
    'demo-docker',
    '--quiet',
    '--output',
    join(folder, 'results'),
  ]
  const ours = await fastest(['bun', '--no-env-file', cli, ...plan], { cwd: root, runs: 3 })
  const byHand = [
    'sh',
    join(import.meta.dir, 'node-down.sh'),
    `shakedown-bench-${process.pid}`,
    join(root, 'examples', 'gateway'),
  ]
  const hand = await fastest(byHand, { cwd: root, runs: 3 })
  yield {
    what: 'node-down on Docker',
    value: ours.took,
    unit: 'ms',
    beside: { what: 'bash, docker, curl', value: hand.took },
    goal: { of: 'ratio', most: 0.8 },
  }
}

async function* onOne(folder: string): AsyncGenerator<Line> {
  const name = `shakedown-bench-${process.pid}`
  await Bun.$`docker run --detach --init --name ${name} debian:bookworm-slim sleep infinity`.quiet()
  try {
    yield* measured(name, folder)
  } finally {
    await Bun.$`docker rm --force ${name}`.quiet()
  }
}

async function* measured(name: string, folder: string): AsyncGenerator<Line> {
  const { signal } = new AbortController()
  const kinds = builtInKinds()
  const config = { services: { it: { container: name } } }
  await using transport = await openTransport({})
  await using runtime = (await kinds.runtimes.get('docker')?.open(config, transport, hostOf(folder))) ?? none()
  const service = runtime.service('it')
  const { target, release } = bindTarget({ name: 'bench', transport, runtime, home: folder, config }, signal)
  const context = { target, signal, timeout: 5_000, logsSince: () => 0, memory: new Map(), measure: () => 0 }
  const probe = makeCondition({ service: 'it', state: 'running' }, { file: '', path: [] }, kinds)
  const ours = await median(() => probe.check(context), ROUNDS)
  const command = await median(() => Bun.$`docker inspect ${name}`.quiet(), ROUNDS)
  yield { what: 'a `service` probe', value: ours, unit: 'ms', beside: { what: 'docker inspect', value: command } }
  const bare = await median(async () => {
    const answer = await fetch(`http://docker/containers/${name}/json`, { unix: '/var/run/docker.sock' })
    await answer.json()
  }, ROUNDS)
  yield { what: 'a `service` probe', value: ours, unit: 'ms', beside: { what: 'a bare Engine call', value: bare } }
  const paused = makeCondition({ service: 'it', state: 'paused' }, { file: '', path: [] }, kinds)
  const late: number[] = []
  for (let round = 0; round < 10; round++) {
    const waiting = waitFor(paused, { context, within: 20_000, signal })
    await Bun.sleep(30 + 7 * round)
    const change = await service.verbs.pause?.()
    await change?.apply(signal)
    const made = performance.now()
    await waiting
    late.push(performance.now() - made)
    await Bun.$`docker unpause ${name}`.quiet()
  }
  yield { what: 'notice: container event', value: middle(late), unit: 'ms', goal: { of: 'value', most: 5 } }
  release()
}

function hostOf(folder: string) {
  return {
    folder,
    home: folder,
    labels: { run: 'bench', case: 'bench', plan: 'bench' },
    resolve: <T>(plain: T) => plain,
    command: () => ({ argv: [] }),
    environment: () => ({}),
    ready: async () => undefined,
    note: () => undefined,
  }
}

function none(): never {
  throw new Error('there is no runtime "docker"')
}
