import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isError } from '../contracts/errors.ts'
import { lockedBy, takeLock } from './lock.ts'

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

  test('one left by a dead run is taken over, also when its process id is used again', () => {
    mkdirSync(join(folder, 'exclusive'), { recursive: true })
    const dead = { ...who('dead'), pid: process.pid, started: 'another start', host: hostname() }
    writeFileSync(join(folder, 'exclusive', 'x.json'), JSON.stringify(dead))
    using _held = takeLock(folder, 'exclusive', who('r2'))
    expect(lockedBy(folder, 'shared')?.run).toBe('r2')
  })
})
