import { describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from '../contracts/command.ts'
import type { RunEventBody } from '../contracts/events.ts'
import type { Change, Touch, Undo } from '../contracts/undo.ts'
import type { Changes } from './changes.ts'
import { readJournal } from './journal.ts'
import { changesIn } from './testing.ts'

const { signal } = new AbortController()

describe('a change', () => {
  test('stands in the journal before it is made, and is undone from there', async () => {
    await using it = new Bench()
    const change = it.change('a', {
      apply: async () => {
        expect(it.states()).toEqual(['intent'])
        it.note('made a')
      },
    })
    await it.changes.make(change, { step: 's1', signal })
    expect(it.states()).toEqual(['applied'])
    expect(await it.changes.restore(() => true, 'end')).toMatchObject([{ outcome: 'restored' }])
    expect(it.notes()).toEqual(['made a', 'undone a'])
    expect(it.events.map(({ is }) => is)).toEqual(['change', 'change', 'restored'])
  })

  test('that fails half way is undone all the same', async () => {
    await using it = new Bench()
    const broken = it.change('a', {
      apply: async () => {
        throw new Error('the network is gone')
      },
    })
    await expect(it.changes.make(broken, { step: 's1', signal })).rejects.toThrow('the network is gone')
    await it.changes.restore(() => true, 'end')
    expect(it.notes()).toEqual(['undone a'])
  })

  test('without an effect never passes, and is undone', async () => {
    await using it = new Bench()
    let asked = 0
    const change = it.change('a', {
      within: 20,
      inEffect: async () => ({ yes: false, why: `it still runs (${++asked > 1 ? 'asked again' : 'asked once'})` }),
    })
    await expect(it.changes.make(change, { step: 's1', signal })).rejects.toThrow(
      'no effect: makes a, but after 20ms it still runs (asked again)',
    )
    expect(it.changes.entries).toMatchObject([{ state: 'open' }])
  })

  test('without an undo leaves no entry, and says why', async () => {
    await using it = new Bench()
    const { undo: _undo, ...change } = it.change('a')
    await it.changes.make({ ...change, without: 'impossible' }, { step: 's1', signal })
    expect(it.changes.entries).toEqual([])
    expect(it.events).toMatchObject([{ is: 'change', entry: 0, state: 'applied', without: 'not undoable' }])
  })
})

describe('undoing', () => {
  test('goes from the newest to the oldest', async () => {
    await using it = new Bench(9)
    for (const name of ['a', 'b', 'c']) await it.changes.make(it.change(name), { step: name, signal })
    await it.changes.restore(() => true, 'end')
    expect(it.notes()).toEqual(['undone c', 'undone b', 'undone a'])
  })

  test('takes only what is chosen, and what lies on top of it in the same file', async () => {
    await using it = new Bench(9)
    const file = (path: string): Touch => ({ file: path })
    await it.changes.make(it.change('below', { of: 'change', touches: [file('/x')] }), { step: '1', signal })
    await it.changes.make(it.change('beside', { of: 'change', touches: [file('/y')] }), { step: '2', signal })
    await it.changes.make(it.change('above', { of: 'change', touches: [file('/x')] }), { step: '3', signal })
    await it.changes.restore(({ step }) => step === '1', 'step')
    expect(it.notes()).toEqual(['undone above', 'undone below'])
    await it.changes.restore(() => true, 'end')
    expect(it.notes()).toEqual(['undone above', 'undone below', 'undone beside'])
  })

  test('that finds another’s change leaves it alone, and is not tried again', async () => {
    await using it = new Bench()
    await it.changes.make(it.change('a', { sh: 'echo edited by somebody >&2; exit 65' }), { step: '1', signal })
    expect(await it.changes.restore(() => true, 'end')).toMatchObject([
      { outcome: 'drifted', message: 'edited by somebody' },
    ])
    expect(await it.changes.restore(() => true, 'end')).toEqual([])
    expect(it.events.at(-1)).toMatchObject({ is: 'restored', outcome: 'drifted' })
  })

  test('that can not be proven has failed, and may be tried again', async () => {
    await using it = new Bench()
    const proof = join(it.folder, 'proof')
    const change = it.change('a', { verify: `[ -e ${quote(proof)} ]`, settles: 10 })
    await it.changes.make(change, { step: '1', signal })
    expect(await it.changes.restore(() => true, 'end')).toMatchObject([{ outcome: 'failed' }])
    writeFileSync(proof, '')
    expect(await it.changes.restore(() => true, 'end')).toMatchObject([{ outcome: 'restored' }])
  })

  test('comes by itself when the time of a fault is over', async () => {
    await using it = new Bench()
    await it.changes.make(it.change('a'), { step: '1', signal, for: 5 })
    const restored = () => it.events.find((event) => event.is === 'restored')
    while (restored() === undefined) await Bun.sleep(5)
    expect(restored()).toMatchObject({ outcome: 'restored', by: 'for' })
    expect(it.changes.entries).toMatchObject([{ state: 'restored', ended: true }])
  })

  test('is left out by keep, which tells so and leaves the journal', async () => {
    await using it = new Bench()
    await it.changes.make(it.change('a'), { step: '1', signal })
    expect(await it.changes.keep(async () => ['here', 'there'])).toMatchObject([{ outcome: 'kept' }])
    expect(it.events.findLast(({ is }) => is === 'restored')).toMatchObject({ outcome: 'kept', message: 'here\nthere' })
    await it.changes.close()
    expect(it.notes()).toEqual([])
    expect(it.states()).toEqual(['applied'])
  })

  test('of everything takes the journal with it', async () => {
    await using it = new Bench()
    await it.changes.make(it.change('a'), { step: '1', signal })
    await it.changes.restore(() => true, 'end')
    await it.changes.close()
    expect(existsSync(join(it.folder, 'journal'))).toBe(false)
  })
})

describe('faults', () => {
  const web: readonly Touch[] = [{ service: 'web' }]

  test('of two steps may not touch one service, unless that is meant; those of one step may', async () => {
    await using it = new Bench()
    await it.changes.make(it.change('a', { touches: web }), { step: '1', signal })
    await it.changes.make(it.change('b', { touches: web }), { step: '1', signal })
    const again = it.change('c', { touches: web })
    await expect(it.changes.make(again, { step: '2', signal })).rejects.toThrow('this service is broken already')
    await it.changes.make(again, { step: '2', signal, overlap: true })
    expect(it.changes.entries).toHaveLength(3)
  })

  test('break no more services at a time than the target allows', async () => {
    await using it = new Bench(1)
    await it.changes.make(it.change('a', { touches: web }), { step: '1', signal })
    const other = it.change('b', { touches: [{ service: 'db' }] })
    await expect(it.changes.make(other, { step: '2', signal })).rejects.toThrow(
      'this would break 2 services at a time (web, db), and `max-faulted` of the target allows 1',
    )
    await it.changes.restore(() => true, 'step')
    await it.changes.make(other, { step: '2', signal })
    expect(it.changes.entries).toMatchObject([{ state: 'restored' }, { state: 'open' }])
  })
})

describe('a change that is undone', () => {
  test('that what it is in went with counts as undone, so that nobody makes it again', async () => {
    await using it = new Bench()
    const stack = it.change('stack', { of: 'stack' })
    await it.changes.make(stack, { step: 'up', signal })
    await it.changes.make(it.change('web', { sh: 'exit 1', goesWithStack: true }), { step: 's1', signal })
    await it.changes.make(it.change('file', { sh: 'exit 1', touches: [{ file: '/x' }] }), { step: 's2', signal })
    // The machine stays where the stack goes, and so does a file that a service only shows.
    await it.changes.make(it.change('host', { sh: 'exit 1', touches: [{ service: 'host' }] }), { step: 's3', signal })
    await it.changes.restore(({ undo }) => undo.of !== 'stack', 'end')
    expect(it.states()).toEqual(['applied', 'failed', 'failed', 'failed'])
    await it.changes.restore(({ undo }) => undo.of === 'stack', 'end')
    expect(it.states()).toEqual(['undone', 'undone', 'failed', 'failed'])
  }, 20_000)

  test('that arrives after its undo is undone again', async () => {
    await using it = new Bench()
    const file = join(it.folder, 'late')
    // The first undo finds nothing yet.
    const late = it.change('late', {
      sh: `if [ -e '${file}.undone' ]; then rm -f '${file}'; else : >'${file}.undone'; : >'${file}'; fi`,
      verify: `test ! -e '${file}'`,
      settles: 50,
    })
    await it.changes.make(late, { step: 's1', signal })
    expect(await it.changes.restore(() => true, 'end')).toMatchObject([{ outcome: 'restored' }])
  })

  test('that is still being made is not undone before', async () => {
    await using it = new Bench()
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow = it.change('slow', { apply: () => promise.then(() => it.note('made slow')) })
    const making = it.changes.make(slow, { step: 's1', signal })
    while (it.states().length === 0) await Bun.sleep(1)
    const restoring = it.changes.restore(() => true, 'end')
    await Bun.sleep(50)
    expect(it.notes()).toEqual([])
    resolve()
    await Promise.all([making, restoring])
    expect(it.notes()).toEqual(['made slow', 'undone slow'])
  })
})

test('what can not be journalled is not made', async () => {
  await using it = new Bench()
  writeFileSync(join(it.folder, 'journal'), 'in the way')
  await expect(it.changes.make(it.change('a'), { step: '1', signal })).rejects.toThrow('nothing was changed')
  expect(it.notes()).toEqual([])
})

type Options = Partial<Pick<Change, 'apply' | 'inEffect' | 'within' | 'touches'>> &
  Partial<Pick<Undo, 'of' | 'sh' | 'verify' | 'settles' | 'goesWithStack'>>

/** Changes in a folder of their own; undoing `a` notes `undone a` in a file. */
class Bench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'shakedown-changes-'))
  readonly events: RunEventBody[] = []
  readonly changes: Changes

  constructor(most = 1) {
    this.changes = changesIn(this.folder, undefined, (event) => this.events.push(event), most)
  }

  change(name: string, options: Options = {}): Change {
    const { of = 'fault', touches = [], settles = 1_000, apply = async () => undefined } = options
    const {
      sh = `echo undone ${name} >>${quote(join(this.folder, 'notes'))}`,
      verify,
      goesWithStack,
      ...rest
    } = options
    const about = { title: `${name} is undone`, settles, touches, goesWithStack, ends: { by: 'undo' } } as const
    const undo: Undo = { of, sh, verify, ...about }
    return { does: `makes ${name}`, ...rest, touches, undo, apply }
  }

  note(text: string): void {
    writeFileSync(join(this.folder, 'notes'), `${text}\n`, { flag: 'a' })
  }

  notes(): string[] {
    const file = join(this.folder, 'notes')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }

  /** As the journal has them. */
  states(): string[] {
    return readJournal(join(this.folder, 'journal'))?.entries.map(({ state }) => state) ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.changes.keep()
    await this.changes.close()
    rmSync(this.folder, { recursive: true })
  }
}
