/** Whether network faults can be made here: tried in an empty namespace before anything is changed. */
import { randomBytes } from 'node:crypto'
import { isError, messageOf } from '../../../../contracts/errors.ts'
import type { NetworkRule } from '../../../../contracts/target.ts'
import { ruleText } from '../../../network/rules.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { Group } from '../group.ts'
import { startHelper } from './helper.ts'
import { helperImage } from './image.ts'
import { FAULT_LABEL, type Shaping } from './shape.ts'

const tried = new Map<string, Promise<string | undefined>>()

/** Why not; undefined when it can be done. */
export async function lacksNetwork(
  shaping: Shaping,
  group: Group,
  rule: NetworkRule | undefined,
): Promise<string | undefined> {
  const shared = (await group.look()).find(({ HostConfig }) => HostConfig['NetworkMode'] === 'host')
  if (shared) return `${group.name} uses the network of its host, and breaking that would break the host`
  const kind = rule?.is ?? 'drop'
  const key = JSON.stringify([shaping.engine.place, shaping.image, kind])
  const known = tried.get(key)
  if (known) return known
  const trying = tryOnce(shaping, rule ?? { is: 'drop', peers: [], direction: 'both' })
  tried.set(key, trying)
  trying.catch(() => tried.delete(key))
  return trying
}

async function tryOnce(shaping: Shaping, rule: NetworkRule): Promise<string | undefined> {
  const { engine, image, labels, note } = shaping
  const token = randomBytes(6).toString('hex')
  const table = `shakedown_${token}`
  try {
    const helper = await startHelper(
      engine,
      {
        image: await helperImage(engine, image, note),
        network: 'none',
        name: `shakedown-${token}-try`,
        labels: { ...labels, [FAULT_LABEL]: token },
        table,
        text: ruleText(table, rule, ['192.0.2.1']),
        rule,
        unproven: true,
        peers: [],
        names: [],
      },
      new AbortController().signal,
    )
    return helper.said.is === 'refused' ? `this kernel refuses the rules: ${helper.said.words}` : undefined
  } catch (error) {
    if (isDaemonGone(error)) throw error
    return messageOf(error)
  } finally {
    await remove(engine, `shakedown-${token}-try`)
  }
}

/** That is no answer to the question. */
function isDaemonGone(error: unknown): boolean {
  return isError(error, 'target') && error.transient && !(error instanceof EngineError)
}

async function remove(engine: Engine, name: string): Promise<void> {
  await engine.bytes('DELETE', `/containers/${name}?force=1`).catch(() => undefined)
}
