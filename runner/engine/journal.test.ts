import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Undo } from '../contracts/undo.ts'
import { fileOf, Journal, journalsIn, markState, openEntries, readJournal } from './journal.ts'

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

  test('a line torn at any byte leaves the entry as it was before', () => {
    const journal = begin()
    const id = journal.intend(undo(), {})
    const file = join(journal.folder, 'journal.jsonl')
    const whole = readFileSync(file)
    markState(journal.folder, id, 'applied')
    const line = readFileSync(file).subarray(whole.length)
    for (let bytes = 0; bytes < line.length - 1; bytes++) {
      writeFileSync(file, whole)
      appendFileSync(file, line.subarray(0, bytes))
      expect(readJournal(journal.folder)?.entries[0]?.state).toBe('intent')
    }
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
