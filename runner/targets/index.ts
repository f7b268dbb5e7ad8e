import type { RuntimeKind } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { dockerRuntime } from './runtime/docker.ts'
import { processRuntime } from './runtime/process.ts'
import { systemdRuntime } from './runtime/systemd.ts'

/** What services of a target are. */
export const runtimeKinds: readonly RuntimeKind[] = [processRuntime, dockerRuntime, systemdRuntime]

/** What of a target tells where it is. */
export interface Whereabouts {
  readonly config?: Readonly<Record<string, unknown>> | undefined
  /** Folder of targets.yaml. */
  readonly home?: string | undefined
}

/**
 * The way to a target's machine: this one, unless the target names a host. `reads`: nothing is written there. Throws a
 * TargetError when a host can't be reached.
 */
export async function openTransport(
  { config = {}, home = '.' }: Whereabouts,
  options: { reads?: boolean } = {},
): Promise<Transport> {
  if (config['ssh'] === undefined) {
    const { localTransport } = await import('./transport/local.ts')
    return localTransport()
  }
  const [{ sshTransport }, { sshSpecOf }] = await Promise.all([
    import('./transport/ssh.ts'),
    import('./transport/ssh/of-target.ts'),
  ])
  return sshTransport(await sshSpecOf(config, home), options)
}
