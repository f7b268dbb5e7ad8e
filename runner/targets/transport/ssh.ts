/** A host as a target, over one SSH connection: commands, sockets and files from the host's own point of view. */
import { TargetError } from '../../contracts/errors.ts'
import type { Transport } from '../../contracts/transport.ts'
import { closeClient } from '../http/client.ts'
import { connectThrough } from './ssh/connect.ts'
import { type ExecHost, execRemotely } from './ssh/exec.ts'
import { remoteFiles } from './ssh/files.ts'
import { linkTo } from './ssh/link.ts'
import { settingsOf } from './ssh/settings.ts'
import { spawnRemotely } from './ssh/spawn.ts'
import type { SshSpec } from './ssh/spec.ts'

export type { SshSpec } from './ssh/spec.ts'

/** Of who logs in, also where everything runs as root. */
const LOGIN_FOLDER = 'if [ -n "$SUDO_USER" ]; then eval "cd ~$SUDO_USER"; else cd; fi && pwd'

/** Connects, or shares a connection. `reads`: nothing is written on the host. Throws a TargetError that says what to do. */
export async function sshTransport(spec: SshSpec, { reads = false } = {}): Promise<Transport> {
  const settings = settingsOf(spec)
  const link = linkTo(settings)
  const listeners = new Set<(line: string) => void>()
  const host: ExecHost = {
    link,
    reads,
    tell: (line) => {
      for (const told of listeners) told(line)
    },
  }
  const exec: Transport['exec'] = (command, options, signal) => execRemotely(host, command, options, signal)
  const never = new AbortController().signal
  try {
    const { stdout } = await exec({ sh: LOGIN_FOLDER }, {}, never)
    const folder = Buffer.from(stdout).toString().trim()
    if (!folder.startsWith('/')) throw new TargetError(`${settings.address}: ${settings.user} has no login folder`)
    const transport: Transport = {
      address: settings.address,
      folder,
      exec,
      spawn: (script, args, told) => spawnRemotely(link, script, args, told),
      watchCommands: (told) => {
        listeners.add(told)
        return { [Symbol.dispose]: () => void listeners.delete(told) }
      },
      cuts: () => link.cuts,
      connect: (to, signal, reached) => connectThrough(link, exec, to, signal, reached),
      files: remoteFiles((script, options = {}) => exec({ sh: script }, options, never)),
      [Symbol.asyncDispose]: async () => {
        await closeClient(transport)
        link.leave()
      },
    }
    return transport
  } catch (error) {
    link.leave()
    throw error
  }
}
