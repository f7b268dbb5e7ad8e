/** What every transport must do alike: `describeTransport('ssh', () => sshTransport(await testServer()))`. */
import { afterAll, beforeAll, describe } from 'bun:test'
import type { Transport } from '../../contracts/transport.ts'
import { describeCommands } from './conformance/commands.ts'
import { describeConnections } from './conformance/connections.ts'
import { describeFiles } from './conformance/files.ts'
import { describeLimits } from './conformance/limits.ts'

/** Runs the suite. The target must be reached from here by loopback, and its /tmp be writable. */
export function describeTransport(name: string, open: () => Transport | Promise<Transport>): void {
  describe(`transport ${name}`, () => {
    let transport: Transport | undefined
    beforeAll(async () => {
      transport = await open()
    })
    afterAll(async () => transport?.[Symbol.asyncDispose]())
    const opened = () => {
      if (!transport) throw new Error('the transport is not open')
      return transport
    }
    describeCommands(opened)
    describeLimits(opened)
    describeFiles(opened)
    describeConnections(opened)
  })
}
