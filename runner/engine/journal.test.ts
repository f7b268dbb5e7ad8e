import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Undo } from '../contracts/undo.ts'
import { fileOf, Journal, journalsIn, LOG, markState, openEntries, readJournal, UNTOLD } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const undo = (more: Partial<Undo> = {}): Undo => ({
  of: 'change',
  title: 'the file is back',
  sh: `rm -f "${folder}/changed"`,
  verify: `! test -e "${folder}/changed"`,
  settles: 0,
  touches: [{ file: '/x' }],
  ends: { by: 'undo' },
  ...more,
})
const begin = () => Journal.create(join(folder, 'run'), { run: 'r1', target: 'local /x demo' })

describe('the journal', () => {
  test('holds what to undo before anything is changed, for its owner only', () => {
    const journal = begin()
    const id = journal.intend(undo({ keeps: { 'pre-image': Buffer.from('secret') } }), {
      step: 'steps/0',
      does: 'writes',
    })
    expect(readFileSync(fileOf(journal.folder, id, 'sh'), 'utf8')).toContain('rm -f')
    expect(statSync(fileOf(journal.folder, id, 'pre-image')).mode & 0o777).toBe(0o600)
    expect(statSync(journal.folder).mode & 0o777).toBe(0o700)
    expect(readJournal(journal.folder)?.entries).toMatchObject([{ id, state: 'intent', does: 'writes' }])
  })

  test('tells the last state of each entry, and what is still open', () => {
    const journal = begin()
    const [a, b] = [journal.intend(undo(), {}), journal.intend(undo(), {})]
    journal.mark(a, 'applied')
    journal.mark(b, 'applied')
    markState(journal.folder, b, 'undone')
    const found = readJournal(journal.folder)
    expect(found?.entries.map(({ state }) => state)).toEqual(['applied', 'undone'])
    expect(found && openEntries(found).map(({ id }) => id)).toEqual([a])
  })

  test('deletes what was kept aside once it is undone, since it may hold secrets', () => {
    const journal = begin()
    const id = journal.intend(undo({ keeps: { 'pre-image': Buffer.from('secret') } }), {})
    markState(journal.folder, id, 'undone')
    expect(readdirSync(journal.folder)).toEqual(['journal.jsonl'])
  })

  describe('a line torn at any byte', () => {
    const states = ['applied', 'undoing', 'undone'] as const

    test.each([['applied'], ['undoing'], ['undone']] as const)('of a change that was %s leaves it open', (state) => {
      const journal = begin()
      const id = journal.intend(undo(), { does: 'writes' })
      const lines = states
        .slice(0, states.indexOf(state) + 1)
        .map((one) => `${JSON.stringify({ id, state: one, uptime: 1 })}\n`)
      const line = lines.pop() ?? ''
      const file = join(journal.folder, LOG)
      const whole = readFileSync(file, 'utf8') + lines.join('')
      for (let bytes = 0; bytes < line.length - 1; bytes++) {
        writeFileSync(file, whole + line.slice(0, bytes))
        const found = readJournal(journal.folder)
        expect(found && openEntries(found)).toMatchObject([{ id, does: 'writes' }])
      }
    })

    test('of an intent is an intent all the same, since its undo lies there', () => {
      const journal = begin()
      const file = join(journal.folder, LOG)
      const whole = readFileSync(file)
      journal.intend(undo(), { does: 'writes' })
      const line = readFileSync(file).subarray(whole.length)
      for (let bytes = 0; bytes < line.length - 1; bytes++) {
        writeFileSync(file, Buffer.concat([whole, line.subarray(0, bytes)]))
        expect(readJournal(journal.folder)?.entries).toMatchObject([{ id: 1, state: 'intent', title: UNTOLD }])
      }
    })

    test('does not spoil what is written after it', () => {
      const journal = begin()
      const id = journal.intend(undo(), {})
      const file = join(journal.folder, LOG)
      const whole = readFileSync(file)
      const line = `${JSON.stringify({ id, state: 'applied', uptime: 1 })}\n`
      for (let bytes = 0; bytes < line.length; bytes++) {
        writeFileSync(file, Buffer.concat([whole, Buffer.from(line.slice(0, bytes))]))
        markState(journal.folder, id, 'failed')
        expect(readJournal(journal.folder)?.entries[0]?.state).toBe('failed')
      }
    })

    test('of its head means that nothing was changed yet', () => {
      const { folder: of } = begin()
      const file = join(of, LOG)
      const head = readFileSync(file)
      for (let bytes = 0; bytes < head.length - 1; bytes++) {
        writeFileSync(file, head.subarray(0, bytes))
        expect(readJournal(of)).toBeUndefined()
      }
    })
  })

  test('shows no undo that is only half written', () => {
    const journal = begin()
    expect(() => journal.intend(undo({ keeps: { 'no/such/folder': Buffer.from('x') } }), {})).toThrow()
    expect(readdirSync(journal.folder)).toEqual([LOG])
  })

  test('a person undoes a run with a loop of sh and nothing else', () => {
    const journal = begin()
    writeFileSync(join(folder, 'changed'), '')
    journal.intend(undo(), {})
    const { exitCode } = Bun.spawnSync(['sh', '-c', 'for f in $(ls -r *.sh); do sh ./$f; done'], {
      cwd: journal.folder,
    })
    expect(exitCode).toBe(0)
    expect(existsSync(join(folder, 'changed'))).toBe(false)
  })

  test('a folder without journals holds none', () => {
    expect(journalsIn(join(folder, 'nowhere'))).toEqual([])
    expect(readJournal(folder)).toBeUndefined()
  })
})
