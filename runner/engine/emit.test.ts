import { expect, test } from 'bun:test'
import { Redactor } from '../base/redact/redactor.ts'
import type { RunEvent } from '../contracts/events.ts'
import { emitter } from './emit.ts'

const note = (message: string) => ({ is: 'note', level: 'info', message }) as const

test('events are handed on in order, at the latest when the run waits for something', async () => {
  const seen: RunEvent[] = []
  const { emit, flush } = emitter(new Redactor(), [(event) => seen.push(event)], () => undefined)
  emit(note('one'))
  emit(note('two'))
  expect(seen).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  emit(note('three'))
  flush()
  expect(seen).toMatchObject([
    { seq: 1, message: 'one' },
    { seq: 2, message: 'two' },
    { seq: 3, message: 'three' },
  ])
})

test('masks what becomes a secret while an event waits', () => {
  const seen: RunEvent[] = []
  const redactor = new Redactor()
  const { emit, flush } = emitter(redactor, [(event) => seen.push(event)], () => undefined)
  emit(note('with hunter2'))
  redactor.add('hunter2')
  flush()
  expect(seen).toMatchObject([{ message: 'with ‹secret›' }])
})

test('a listener that fails is told of once and left out; the others go on', () => {
  const seen: RunEvent[] = []
  const complaints: string[] = []
  const broken = () => {
    throw new Error('the disk is full')
  }
  const { emit, flush } = emitter(new Redactor(), [broken, (event) => seen.push(event)], (why) => complaints.push(why))
  emit(note('one'))
  emit(note('two'))
  flush()
  expect(seen).toHaveLength(2)
  expect(complaints).toEqual(['the disk is full'])
})
