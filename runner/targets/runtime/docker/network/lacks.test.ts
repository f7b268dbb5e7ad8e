import { expect, test } from 'bun:test'
import { TargetError } from '../../../../contracts/errors.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { Group } from '../group.ts'
import { lacksNetwork } from './lacks.ts'
import type { Shaping } from './shape.ts'

const group = { name: 'web', look: async () => [] } as unknown as Group

/** A daemon that answers everything in this one way. */
function shapingOf(place: string, error: Error): Shaping {
  const fail = () => Promise.reject(error)
  const engine = { place, json: fail, bytes: fail } as unknown as Engine
  return { engine, labels: {}, image: undefined, note: () => undefined } as unknown as Shaping
}

test('a daemon that went away is no reason to skip', async () => {
  const gone = new TargetError('the daemon went away', { transient: true })
  await expect(lacksNetwork(shapingOf('gone', gone), group, undefined)).rejects.toThrow('the daemon went away')
})

test('what the daemon refuses is told as the reason, and only once asked', async () => {
  const refusing = shapingOf('refuses', new EngineError(500, 'no more containers'))
  expect(await lacksNetwork(refusing, group, undefined)).toBe('Docker: no more containers')
  const another = shapingOf('refuses', new EngineError(500, 'something else'))
  expect(await lacksNetwork(another, group, undefined)).toBe('Docker: no more containers')
})
