/** Sessions over SSH on a machine, our own among them: no rule may ever match one. */
import { isIP } from 'node:net'
import { MACHINE } from '../../contracts/target.ts'
import type { Session } from '../network/rules.ts'
import { demand } from './ask.ts'
import type { Machine } from './machine.ts'

/** `sudo` takes SSH_CONNECTION away, so that of every process is read; who inherited it long ago spares no more than its client. */
const SCRIPT = `for one in /proc/[0-9]*/environ; do cat "$one"; echo; done 2>/dev/null | tr '\\0' '\\n' | sed -n 's/^SSH_CONNECTION=//p' | sort -u
exit 0`

/** A text says why they can't be told. */
export async function sessionsOf({ transport }: Machine): Promise<readonly Session[] | string> {
  const said = await demand(transport, SCRIPT)
  const sessions = said.split('\n').flatMap(sessionOf)
  if (sessions.length > 0 || transport.address === 'local') return sessions
  return `the network of \`${MACHINE}\` is left alone: ${transport.address} does not say which connection is ours (SSH_CONNECTION)`
}

/** `10.0.0.1 53122 10.0.0.2 22`; an address of a link carries its interface. */
function sessionOf(line: string): Session[] {
  const [client = '', , , port] = line.trim().split(' ')
  const address = client.replace(/%.*$/, '')
  return isIP(address) !== 0 && Number(port) > 0 ? [{ client: address, port: Number(port) }] : []
}
