/** The guardian alone, on a journal as the runner writes it. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { JournalEntry } from '../contracts/undo.ts'
import { guardianScript } from './guardian-script.ts'
import { CLAIMED, Journal, LOG } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-guardian-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const change = (sh: string, verify?: string) => ({
  of: 'change' as const,
  title: 'it is back',
  sh,
  verify,
  settles: 0,
  touches: [],
  ends: { by: 'undo' as const },
})
const journal = () => Journal.create(at('run'), { run: 'r1', target: 'local /x demo' })

/** Starts one with a lease in seconds; it has answered when this resolves. */
async function guard(lease: number, path = process.env['PATH']) {
  const child = Bun.spawn(['sh', '-c', guardianScript, 'sh', at('run'), String(lease), ''], {
    stdio: ['pipe', 'pipe', Bun.file(at('said'))],
    env: { ...process.env, PATH: path },
    detached: true,
  })
  const { value } = await child.stdout.getReader().read()
  expect(Buffer.from(value ?? []).toString()).toStartWith('ready')
  return child
}

async function eventually(holds: () => boolean, limit = 20_000): Promise<void> {
  for (const start = performance.now(); !holds(); await Bun.sleep(5))
    if (performance.now() - start > limit) throw new Error(`it did not come to that: ${holds}`)
}

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalEntry & { by?: string })

describe('a guardian whose runner is gone', () => {
  test('tries an undo that fails twice again, later each time, and then all is put back', async () => {
    const undo = `echo "$(cut -d' ' -f1 /proc/uptime)" >>'${at('tries')}'; [ "$(wc -l <'${at('tries')}')" -ge 3 ] || exit 1
cp '${at('run.claimed')}/${LOG}' '${at('copy')}'`
    journal().intend(change(undo, `test "$(wc -l <'${at('tries')}')" -ge 3`), {})
    const child = await guard(10)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    const tries = readFileSync(at('tries'), 'utf8').trim().split('\n').map(Number)
    expect(tries).toHaveLength(3)
    const [first = 0, second = 0, third = 0] = tries
    expect(second - first).toBeGreaterThanOrEqual(0.9)
    expect(third - second).toBeGreaterThanOrEqual(1.9)
    const states = lines(at('copy')).flatMap(({ state, by }) => (by === 'guardian' ? [state] : []))
    expect(states).toEqual(['undoing', 'failed', 'undoing', 'failed', 'undoing'])
    expect([existsSync(at('run')), existsSync(at(`run${CLAIMED}`))]).toEqual([false, false])
  }, 30_000)

  test('goes on with the others when one undo fails, and leaves what somebody else changed', async () => {
    const one = journal()
    one.intend(change(`echo oldest >>'${at('order')}'`), {})
    one.intend(change(`echo theirs >>'${at('order')}'; exit 65`), {})
    one.intend(change(`echo newest >>'${at('order')}'; [ "$(grep -c newest '${at('order')}')" = 2 ]`), {})
    const child = await guard(10)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect(readFileSync(at('order'), 'utf8')).toBe('newest\ntheirs\noldest\nnewest\n')
    const left = lines(join(at(`run${CLAIMED}`), LOG))
    expect(left.at(-1)).toMatchObject({ id: 3, state: 'undone' })
    expect(left.filter(({ id }) => id === 2).at(-1)).toMatchObject({ state: 'drifted' })
  }, 30_000)

  test('does not undo a piece of a stack once that is gone, and goes on with all else', async () => {
    const one = journal()
    one.intend({ ...change(`echo stack >>'${at('order')}'`), of: 'stack' }, {})
    one.intend(change(`echo file >>'${at('order')}'; [ "$(grep -c file '${at('order')}')" = 2 ]`), {})
    one.intend({ ...change(`echo web >>'${at('order')}'; exit 1`), goesWithStack: true }, {})
    const child = await guard(10)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect(readFileSync(at('order'), 'utf8')).toBe('web\nfile\nstack\nfile\n')
    expect(existsSync(at(`run${CLAIMED}`))).toBe(false)
  }, 30_000)

  test('undoes a change whose line in the journal was torn', async () => {
    const one = journal()
    writeFileSync(at('changed'), '')
    one.intend(change(`rm -f '${at('changed')}'`, `test ! -e '${at('changed')}'`), {})
    const text = readFileSync(join(one.folder, LOG), 'utf8')
    writeFileSync(join(one.folder, LOG), text.slice(0, text.lastIndexOf('"intent"')))
    const child = await guard(10)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect([existsSync(at('changed')), existsSync(at('run')), existsSync(at(`run${CLAIMED}`))]).toEqual([
      false,
      false,
      false,
    ])
  }, 30_000)
})

describe('a clock that is set back an hour', () => {
  /** What asks for the time of day is told one that went back. */
  const clockSetBack = () => {
    mkdirSync(at('bin'))
    writeFileSync(at('bin/date'), '#!/bin/sh\nexec /bin/date -d "1 hour ago" "$@"\n')
    chmodSync(at('bin/date'), 0o755)
    return `${at('bin')}${delimiter}${process.env['PATH']}`
  }
  test('neither ends a lease that is kept, nor prolongs one that is over', async () => {
    const one = journal()
    writeFileSync(at('changed'), '')
    one.intend(change(`rm -f '${at('changed')}'`, `test ! -e '${at('changed')}'`), {})
    const child = await guard(2, clockSetBack())
    // A beat file that is an hour older, or newer, is as good as any.
    const beat = async (hours: number) => {
      child.stdin.write('beat\n')
      child.stdin.flush()
      await eventually(() => existsSync(at('run/beat')))
      Bun.spawnSync(['touch', '-d', `${hours} hours`, at('run/beat')])
    }
    for (const hours of [-1, 1, -1, 1, -1]) {
      await beat(hours)
      await Bun.sleep(800)
    }
    expect(existsSync(at('changed'))).toBe(true)
    const silent = performance.now()
    await eventually(() => !existsSync(at('changed')))
    expect(performance.now() - silent).toBeGreaterThan(1_000)
    expect(performance.now() - silent).toBeLessThan(8_000)
    // The half that did it ends the other one.
    await child.exited
    await eventually(() => !existsSync(at(`run${CLAIMED}`)))
  }, 30_000)
})
