import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isError } from '../contracts/errors.ts'
import { localTransport } from '../targets/transport/local.ts'
import { bootId, ownIdentity } from './identity.ts'
import { BEATS_WITHIN, lockedBy, takeLock, tidyLocks } from './lock.ts'
import { lockedThere, takeLockThere } from './lock-there.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const who = (run: string) => ({ run, plan: 'plans/a.yaml' })

describe('the lock of a target', () => {
  test('one writer excludes the others, and is named', () => {
    using _held = takeLock(folder, 'exclusive', who('r1'))
    for (const mode of ['exclusive', 'shared'] as const) {
      try {
        takeLock(folder, mode, who('r2'))
        expect.unreachable()
      } catch (error) {
        expect(isError(error, 'busy')).toBe(true)
        expect(String(error)).toContain('run r1')
        expect(String(error)).toContain('plans/a.yaml')
      }
    }
  })

  test('of those that are gone is taken away, of the living it stays', () => {
    const locks = join(folder, 'locks')
    using _held = takeLock(join(locks, 'held'), 'shared', who('r1'))
    mkdirSync(join(locks, 'left', 'exclusive'), { recursive: true })
    const gone = { ...who('r2'), ...ownIdentity(), pid: 2 ** 22, host: hostname() }
    writeFileSync(join(locks, 'left', 'exclusive', 'r2.json'), JSON.stringify(gone))
    tidyLocks(locks)
    expect([existsSync(join(locks, 'left')), lockedBy(join(locks, 'held'), 'exclusive')?.run]).toEqual([false, 'r1'])
  })

  test('readers share, and keep a writer out', () => {
    using _one = takeLock(folder, 'shared', who('r1'))
    using _two = takeLock(folder, 'shared', who('r2'))
    expect(() => takeLock(folder, 'exclusive', who('r3'))).toThrow('busy')
  })

  test('is free again afterwards', () => {
    takeLock(folder, 'exclusive', who('r1'))[Symbol.dispose]()
    takeLock(folder, 'shared', who('r2'))[Symbol.dispose]()
    expect(lockedBy(folder, 'exclusive')).toBeUndefined()
    takeLock(folder, 'exclusive', who('r3'))[Symbol.dispose]()
  })

  const leave = (mode: string, more: object) => {
    mkdirSync(join(folder, mode), { recursive: true })
    const dead = { ...who('dead'), ...ownIdentity(), host: hostname(), ...more }
    writeFileSync(join(folder, mode, 'x.json'), JSON.stringify(dead))
  }
  const gone = [
    ['whose process id is used again', { started: 'another start' }],
    ['that was begun before the last boot', { bootId: 'another boot' }],
    ['that has ended', { pid: 2 ** 22 + 1 }],
  ] as const

  test.each(gone)('one left by a run %s is taken over, and that is said', (_, more) => {
    for (const mode of ['exclusive', 'shared']) {
      leave(mode, more)
      const from: string[] = []
      using _held = takeLock(folder, 'exclusive', who('r2'), ({ run }) => from.push(run))
      expect(from).toEqual(['dead'])
      expect(lockedBy(folder, 'shared')?.run).toBe('r2')
    }
  })

  test('leaves nothing once nobody holds it, also beside others who come and go', async () => {
    const deep = join(folder, 'locks', 'demo')
    const { promise, resolve } = Promise.withResolvers<void>()
    const turns = Array.from({ length: 50 }, async (_, index) => {
      await promise
      for (let round = 0; round < 20; round++) {
        try {
          using _held = takeLock(deep, index % 2 === 0 ? 'exclusive' : 'shared', who(`r${index}`))
          await Bun.sleep(0)
        } catch (error) {
          expect(isError(error, 'busy')).toBe(true)
        }
      }
    })
    resolve()
    await Promise.all(turns)
    expect(existsSync(join(folder, 'locks'))).toBe(false)
  })

  describe('on another machine', () => {
    const there = localTransport()
    const take = (mode: 'exclusive' | 'shared', run: string, tookOver?: (from: { run: string }) => void) =>
      takeLockThere(there, folder, mode, who(run), tookOver)
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => 'it was taken',
        (error) => (isError(error, 'busy') ? (error as Error).message : `no, ${error}`),
      )

    test('excludes in both ways, names the holder, and is gone afterwards', async () => {
      {
        await using _held = await take('exclusive', 'r1')
        for (const mode of ['exclusive', 'shared'] as const)
          expect(await refusal(take(mode, 'r2'))).toBe(
            `the target is busy: run r1 (process ${process.pid} on ${hostname()}) holds it for "plans/a.yaml"`,
          )
        expect((await lockedThere(there, folder, 'shared'))?.run).toBe('r1')
        // Whoever runs plans on that machine itself sees it, too.
        expect(() => takeLock(folder, 'shared', who('r3'))).toThrow('run r1')
      }
      expect(existsSync(folder)).toBe(false)
      expect(await lockedThere(there, folder, 'exclusive')).toBeUndefined()
    })

    test('is shared by readers, who keep a writer out', async () => {
      await using _one = await take('shared', 'r1')
      await using _two = await take('shared', 'r2')
      using _three = takeLock(folder, 'shared', who('r3'))
      expect(await refusal(take('exclusive', 'r4'))).toContain('busy: run r1')
      expect(await lockedThere(there, folder, 'shared')).toBeUndefined()
      expect((await lockedThere(there, folder, 'exclusive'))?.run).toBe('r1')
    })

    test.each(gone)('one left by a run %s is taken over, and that is said', async (_, more) => {
      for (const mode of ['exclusive', 'shared']) {
        leave(mode, more)
        const from: string[] = []
        await using _held = await take('exclusive', 'r2', ({ run }) => from.push(run))
        expect(from).toEqual(['dead'])
      }
    })

    const beaten = (boot: string, ago: number) => {
      leave('exclusive', { host: 'elsewhere', pid: 1 })
      const [uptime = '0'] = readFileSync('/proc/uptime', 'utf8').split('.')
      writeFileSync(join(folder, 'exclusive', 'x.json.beat'), `${boot} ${Number(uptime) - ago}\n`)
    }

    test('of a runner elsewhere is known by its beats alone', async () => {
      beaten(bootId(), 2)
      expect(await refusal(take('exclusive', 'r2'))).toEndWith('(process 1 on elsewhere) holds it for "plans/a.yaml"')
      expect(() => takeLock(folder, 'exclusive', who('r2'))).toThrow('busy')
      // Half a beat tells nothing.
      writeFileSync(join(folder, 'exclusive', 'x.json.beat'), '')
      expect(await refusal(take('exclusive', 'r2'))).toContain('(process 1 on elsewhere) holds it')
      beaten(bootId(), BEATS_WITHIN - 4)
      expect(await refusal(take('exclusive', 'r2'))).toMatch(/on elsewhere, silent for 2\d s, which is taken for gone/)
    })

    test.each([
      ['did not beat for long', () => beaten(bootId(), BEATS_WITHIN + 2)],
      ['beat before the machine was booted', () => beaten('another-boot', 0)],
    ])('of a runner elsewhere that %s is taken over', async (_, left) => {
      for (const here of [true, false]) {
        left()
        const from: string[] = []
        if (here) takeLock(folder, 'exclusive', who('r2'), ({ run }) => from.push(run))[Symbol.dispose]()
        else await (await take('exclusive', 'r2', ({ run }) => from.push(run)))[Symbol.asyncDispose]()
        expect(from).toEqual(['dead'])
      }
    })

    test('that can’t be written is no lock', async () => {
      writeFileSync(join(folder, 'file'), '')
      await expect(takeLockThere(there, join(folder, 'file', 'x'), 'exclusive', who('r1'))).rejects.toThrow(
        /nothing was changed, since the lock .* can't be taken/,
      )
    })

    test('of many who come at once is held by one', async () => {
      let [held, most, taken] = [0, 0, 0]
      const one = async (run: string) => {
        for (let round = 0; round < 4; round++) {
          const lock = await take('exclusive', run).catch((error) => {
            if (!isError(error, 'busy')) throw error
          })
          if (!lock) continue
          taken++
          most = Math.max(most, ++held)
          await Bun.sleep(1)
          held--
          await lock[Symbol.asyncDispose]()
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, index) => one(`r${index}`)))
      expect(most).toBe(1)
      expect(taken).toBeGreaterThan(0)
      await using _last = await take('exclusive', 'last')
    })
  })
})
