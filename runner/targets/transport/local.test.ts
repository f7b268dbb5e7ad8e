import { test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { run, until } from './conformance/run.ts'
import { describeTransport } from './conformance.ts'
import { localTransport } from './local.ts'

describeTransport('local', () => localTransport())

test('commands leave no pipe open, however they end', async () => {
  const transport = localTransport()
  const pipes = () => readdirSync('/proc/self/fd').filter(isPipe).length
  const commands = ['true', 'head -c 300000 /dev/zero', 'sleep 0.05; echo late', 'sleep 0.3 & echo gone', 'kill -9 $$']
  const each = () => Promise.all(commands.map((sh) => run(transport, { sh })))
  const before = pipes()
  await each()
  await each()
  await run(transport, { argv: ['no-such-command'] })
  await run(transport, { sh: 'sleep 5' }, { timeout: 50 })
  // Outputs that a child holds are read on, so that it gets no SIGPIPE.
  await until(() => pipes() <= before, 'all pipes are closed')
})

function isPipe(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('pipe:')
  } catch {
    return false
  }
}
