import type { RuntimeKind, Transport } from '../contracts/target.ts'
import { dockerRuntime } from './runtime/docker.ts'
import { processRuntime } from './runtime/process.ts'

/** What services of a target are. */
export const runtimeKinds: readonly RuntimeKind[] = [processRuntime, dockerRuntime]

/** The way to a target's machine; this one, until a target can name another. */
export async function openTransport(_target: object): Promise<Transport> {
  const { localTransport } = await import('./transport/local.ts')
  return localTransport()
}
