import { expect, test } from 'bun:test'
import { Stop } from './stop.ts'

test('a Ctrl-C that arrives twice, from the terminal and from the wrapper, is one', () => {
  const stop = new Stop()
  expect(stop.say('SIGINT')).toBe('first')
  expect(stop.say('SIGINT')).toBe('same')
  expect(stop.signal.aborted).toBe(true)
  expect(stop.hurry.aborted).toBe(false)
  expect(stop.word).toBe('SIGINT')
})
