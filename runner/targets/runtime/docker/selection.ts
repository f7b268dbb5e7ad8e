/** Which containers are a service: by name, by Compose service, or by label. */
import type { Engine } from './engine.ts'

/** A summary as `GET /containers/json` lists it. */
interface Listed {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Labels: Readonly<Record<string, string>>
}

export type Selector =
  | { readonly container: string }
  | { readonly label: string }
  | { readonly project: string; readonly service: string }

export const PROJECT_LABEL = 'com.docker.compose.project'
export const SERVICE_LABEL = 'com.docker.compose.service'
const NUMBER_LABEL = 'com.docker.compose.container-number'

/** Ids of the containers, replicas in the order of their numbers. */
export async function containersOf(engine: Engine, selector: Selector): Promise<readonly string[]> {
  if ('container' in selector) return named(engine, selector.container)
  const labels =
    'label' in selector
      ? [selector.label]
      : [
          `${PROJECT_LABEL}=${selector.project}`,
          `${SERVICE_LABEL}=${selector.service}`,
          'com.docker.compose.oneoff=False',
        ]
  const listed = await listByLabels(engine, labels)
  return [...listed].sort(inOrder).map(({ Id }) => Id)
}

/** Services of a Compose project that have containers. */
export async function servicesOf(engine: Engine, project: string): Promise<readonly string[]> {
  const listed = await listByLabels(engine, [`${PROJECT_LABEL}=${project}`, 'com.docker.compose.oneoff=False'])
  return [...new Set(listed.flatMap(({ Labels }) => Labels[SERVICE_LABEL] ?? []))].sort()
}

/** The name filter is a regular expression and matches parts, so the exact one is looked for here. */
async function named(engine: Engine, name: string): Promise<readonly string[]> {
  const all = await engine.json<readonly Listed[]>('GET', '/containers/json?all=1')
  return all.filter(({ Id, Names }) => Names.includes(`/${name}`) || Id === name).map(({ Id }) => Id)
}

function listByLabels(engine: Engine, labels: readonly string[]): Promise<readonly Listed[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }))
  return engine.json('GET', `/containers/json?all=1&filters=${filters}`)
}

/** By Compose's number, else by name as people count: `agent-2` before `agent-10`. */
function inOrder(a: Listed, b: Listed): number {
  return numberOf(a) - numberOf(b) || byName(a.Names[0], b.Names[0]) || byName(a.Id, b.Id)
}

function byName(a = '', b = ''): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function numberOf({ Labels }: Listed): number {
  return Number(Labels[NUMBER_LABEL] ?? 0)
}
