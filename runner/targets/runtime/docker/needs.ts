/** What a target of containers stands on. */
import { messageOf } from '../../../contracts/errors.ts'
import type { Need } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { composeCommand } from './compose.ts'
import { daemonAddress } from './daemon.ts'
import { Engine } from './engine.ts'
import { SPEAKS } from './shell.ts'

const BASE = 'debian:bookworm-slim'

export async function dockerNeeds(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
): Promise<readonly Need[]> {
  const said = config['daemon'] as string | undefined
  const compose = config['compose'] === undefined || config['project'] !== undefined ? [] : [await composeNeed()]
  if (said?.includes('${{'))
    return [{ name: 'docker', there: true, says: `not asked: ${said} is known in a run` }, ...compose]
  try {
    const address = daemonAddress(said, transport)
    const engine = await Engine.open(transport, address)
    const where = 'path' in address ? address.path : `${address.host}:${address.port}`
    const daemon: Need = { name: 'docker', there: true, says: `Engine API ${engine.version} at ${where}` }
    return [daemon, await speakerNeed(transport), ...compose, await helperNeed(config, engine)]
  } catch (error) {
    return [{ name: 'docker', there: false, says: messageOf(error) }, ...compose]
  }
}

async function composeNeed(): Promise<Need> {
  try {
    return { name: 'compose', there: true, says: (await composeCommand()).join(' ') }
  } catch (error) {
    return {
      name: 'compose',
      there: false,
      says: messageOf(error),
      todo: 'it runs on this machine, against that daemon',
    }
  }
}

async function speakerNeed(transport: Transport): Promise<Need> {
  const { code } = await transport.exec({ sh: SPEAKS }, { cwd: '/', timeout: 10_000 }, new AbortController().signal)
  if (code === 0) return { name: 'undo', there: true, says: 'can speak to the daemon without the runner' }
  const says = 'nothing is there that could speak to the daemon without the runner'
  return { name: 'undo', there: false, says, for: 'faults', todo: 'apt-get install curl' }
}

async function helperNeed(config: Readonly<Record<string, unknown>>, engine: Engine): Promise<Need> {
  const image = String(config['helper-image'] ?? BASE)
  const name = 'helper'
  try {
    await engine.json('GET', `/images/${encodeURIComponent(image)}/json`)
    return { name, there: true, says: image }
  } catch {
    const todo =
      config['helper-image'] === undefined ? `docker pull ${BASE}, or name a \`helper-image\`` : 'build or pull it'
    return { name, there: false, says: `the image ${image} is not there`, for: 'faults of the network', todo }
  }
}
