/** A container that goes and is made again from its inspection: removed, or replaced by one with another environment or image. */
import { randomBytes } from 'node:crypto'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Change } from '../../../contracts/undo.ts'
import { type At, about } from './about.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'
import { type Group, named } from './group.ts'
import type { Inspection } from './inspection.ts'
import { endpointOf } from './networks.ts'
import { inTurn, madeAgain, makeAgain, type Remake, VOLUMES_LABEL } from './scripts.ts'

const MARK_LABEL = 'shakedown.mark'

/** Refused where anonymous volumes would be lost to what is made later, unless they are to be kept. */
export async function remove(at: At, keepVolumes: boolean): Promise<Change> {
  const { group } = at
  const all = await group.present()
  for (const one of all) refuseUnsafe(one, keepVolumes)
  const plans = all.map((one, index) => planOf(one, index, undefined))
  return {
    ...about(at, `removes ${group.name}`, { title: `${group.name} is there again`, ...undoOf(plans) }),
    apply: async (signal) => {
      for (const one of all) await removeOne(group, one, signal)
    },
    inEffect: async () => {
      const left = await group.lookAnew()
      return left.length > 0
        ? { yes: false, why: `${group.name} is still there` }
        : { yes: true, evidence: `${group.name} is gone` }
    },
  }
}

/** Its log goes with it, so the end of that is read before. */
async function removeOne({ engine, keepLog }: Group, { Id }: Inspection, signal: AbortSignal): Promise<void> {
  const ended = engine.bytes('POST', `/containers/${Id}/wait?condition=not-running`, { signal })
  await engine.bytes('POST', `/containers/${Id}/kill`, { signal }).catch(() => undefined)
  await ended.catch(() => undefined)
  await keepLog().catch(() => undefined)
  await engine.bytes('DELETE', `/containers/${Id}?force=1`, { signal })
}

export async function withEnvironment(at: At, values: Readonly<Record<string, string | null>>): Promise<Change> {
  const names = Object.keys(values).join(', ')
  return replaced(at, `gives ${at.group.name} another ${names}`, `${at.group.name} has its environment`, (body) => ({
    ...body,
    Env: changed((body['Env'] as readonly string[] | null) ?? [], values),
  }))
}

export async function withImage(at: At, image: string): Promise<Change> {
  const { group } = at
  await demandImage(group.engine, image)
  return replaced(at, `runs ${group.name} out of ${image}`, `${group.name} runs out of its image`, (body) => ({
    ...body,
    Image: image,
  }))
}

type Body = Readonly<Record<string, unknown>>

async function replaced(at: At, does: string, title: string, change: (body: Body) => Body): Promise<Change> {
  const { group } = at
  const all = await group.present()
  for (const one of all) refuseUnsafe(one, true)
  const mark = randomBytes(8).toString('hex')
  const plans = all.map((one, index) => planOf(one, index, mark))
  return {
    ...about(at, does, { title, ...undoOf(plans) }),
    apply: async (signal) => {
      for (const { inspection, remake, body } of plans) {
        const other = marked(change(body), mark)
        await removeOne(group, inspection, signal)
        await create(group.engine, inspection, remake, other, signal)
      }
      await group.lookAnew()
    },
    inEffect: async () => {
      const now = await group.lookAnew()
      const wrong = now.find(({ Config }) => Config.Labels[MARK_LABEL] !== mark)
      if (wrong || now.length === 0) return { yes: false, why: `${group.name} is the same as before` }
      return { yes: true, evidence: `${group.name} was made again` }
    },
  }
}

/** Makes again what is gone of these, and leaves the others alone. */
export function undoOfMaking(all: readonly Inspection[]) {
  return undoOf(all.map((one, index) => planOf(one, index, undefined)))
}

interface Plan {
  readonly inspection: Inspection
  readonly remake: Remake
  readonly body: Body
  readonly keeps: Readonly<Record<string, Uint8Array>>
}

function planOf(inspection: Inspection, index: number, mark: string | undefined): Plan {
  const [, ...more] = Object.entries(inspection.NetworkSettings.Networks)
  const body = createBody(inspection)
  const networks = more.map(([, { NetworkID }], number) => ({ id: NetworkID, kept: `connect-${index}-${number}` }))
  const keeps = {
    [`create-${index}`]: json(body),
    ...Object.fromEntries(
      more.map(([, attachment], number) => [
        `connect-${index}-${number}`,
        json({ Container: named(inspection).name, EndpointConfig: endpointOf(inspection, attachment) }),
      ]),
    ),
  }
  const remake = {
    name: named(inspection).name,
    mark,
    create: `create-${index}`,
    networks,
    running: inspection.State.Running,
  }
  return { inspection, remake, body, keeps }
}

function undoOf(plans: readonly Plan[]) {
  return {
    sh: inTurn(plans.map(({ remake }) => makeAgain(remake))),
    verify: inTurn(plans.map(({ remake }) => madeAgain(remake))),
    keeps: Object.assign({}, ...plans.map(({ keeps }) => keeps)) as Record<string, Uint8Array>,
  }
}

/** What `POST /containers/create` takes of an inspection. Older Engines take one network here, so the others are joined after. */
export function createBody(inspection: Inspection): Body {
  const { Config, HostConfig, NetworkSettings, Mounts, Id } = inspection
  const { Hostname, ...config } = Config as Inspection['Config'] & { Hostname?: string }
  const [first] = Object.entries(NetworkSettings.Networks)
  const shared = String(HostConfig['NetworkMode'] ?? '').startsWith('container:')
  const unnamed = Mounts.filter(isAnonymous).map(({ Name }) => Name)
  return {
    ...config,
    ...(unnamed.length > 0 ? { Labels: { ...config.Labels, [VOLUMES_LABEL]: unnamed.join(' ') } } : {}),
    ...(Hostname !== undefined && Hostname !== Id.slice(0, 12) && !shared ? { Hostname } : {}),
    HostConfig: { ...HostConfig, Binds: bindsOf(HostConfig, Mounts), Mounts: mountsOf(HostConfig, Mounts) },
    NetworkingConfig: { EndpointsConfig: first ? { [first[0]]: endpointOf(inspection, first[1]) } : {} },
  }
}

interface AskedMount {
  readonly Type: string
  readonly Source?: string
  readonly Target: string
}

function askedMounts(HostConfig: Inspection['HostConfig']): readonly AskedMount[] {
  return (HostConfig['Mounts'] as readonly AskedMount[] | null | undefined) ?? []
}

/** Compose asks for its volumes this way, those without a name, too. */
function mountsOf(HostConfig: Inspection['HostConfig'], mounts: Inspection['Mounts']): readonly AskedMount[] {
  return askedMounts(HostConfig).map((asked) => {
    const mounted = mounts.find(({ Destination }) => Destination === asked.Target)
    return asked.Type === 'volume' && !asked.Source && mounted?.Name ? { ...asked, Source: mounted.Name } : asked
  })
}

/** Volumes without a name are named now, so that the very same ones are mounted again. */
function bindsOf(HostConfig: Inspection['HostConfig'], mounts: Inspection['Mounts']): readonly string[] | null {
  const binds = (HostConfig['Binds'] as readonly string[] | null) ?? []
  const asked = [...binds.map((bind) => bind.split(':')[1]), ...askedMounts(HostConfig).map(({ Target }) => Target)]
  const anonymous = mounts.filter(isAnonymous).filter(({ Destination }) => !asked.includes(Destination))
  const all = [...binds, ...anonymous.map(({ Name, Destination }) => `${Name}:${Destination}`)]
  return all.length === 0 ? null : all
}

function isAnonymous({ Type, Name = '' }: Inspection['Mounts'][number]): boolean {
  return Type === 'volume' && /^[0-9a-f]{64}$/.test(Name)
}

function refuseUnsafe(one: Inspection, keepVolumes: boolean): void {
  const { name } = named(one)
  const volumes = one.Mounts.filter(isAnonymous).map(({ Destination }) => Destination)
  if (volumes.length > 0 && !keepVolumes)
    throw new CheckFailure(`${name} has volumes without a name (${volumes.join(', ')})`, {
      hint: 'say `volumes: keep` beside the fault to have the same ones mounted again, or name them in the compose file',
    })
  if (one.HostConfig.AutoRemove)
    throw new CheckFailure(
      `${name} is removed by Docker itself when it stops (--rm), and so is what it would be made again from`,
    )
}

async function create(
  engine: Engine,
  inspection: Inspection,
  { name }: Remake,
  body: Body,
  signal: AbortSignal,
): Promise<void> {
  const { NetworkSettings, State } = inspection
  const { Id } = await engine.json<{ Id: string }>('POST', `/containers/create?name=${name}`, { body, signal })
  for (const attachment of Object.values(NetworkSettings.Networks).slice(1))
    await engine.bytes('POST', `/networks/${attachment.NetworkID}/connect`, {
      body: { Container: Id, EndpointConfig: endpointOf(inspection, attachment) },
      signal,
    })
  if (State.Running) await engine.bytes('POST', `/containers/${Id}/start`, { signal })
}

async function demandImage(engine: Engine, image: string): Promise<void> {
  try {
    await engine.bytes('GET', `/images/${encodeURIComponent(image)}/json`)
  } catch (error) {
    if (error instanceof EngineError && error.status === 404)
      throw new CheckFailure(`there is no image "${image}" here`, {
        hint: `build or pull it first: docker pull ${image}`,
      })
    throw error
  }
}

function marked(body: Body, mark: string): Body {
  return { ...body, Labels: { ...(body['Labels'] as object | undefined), [MARK_LABEL]: mark } }
}

function changed(env: readonly string[], values: Readonly<Record<string, string | null>>): readonly string[] {
  const kept = env.filter((pair) => !(pair.slice(0, pair.indexOf('=')) in values))
  return [...kept, ...Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))]
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
