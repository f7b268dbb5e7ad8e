import { expect, test } from 'bun:test'
import type { Attachment, Inspection } from './inspection.ts'
import { endpointOf } from './networks.ts'

const attachment = (Aliases: string[]): Attachment => ({
  NetworkID: 'n',
  IPAddress: '10.0.0.2',
  Gateway: '10.0.0.1',
  Aliases,
  IPAMConfig: null,
})

test('an alias that its id happens to begin with is an alias; its own short id is none', () => {
  const of = { Id: `db12345678ab${'0'.repeat(52)}` } as Inspection
  expect(endpointOf(of, attachment(['db', 'main', 'db12345678ab']))).toMatchObject({ Aliases: ['db', 'main'] })
})
