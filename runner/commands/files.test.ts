/** Files as a user meets them: through the command line. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'sd files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
put('targets.yaml', 'targets:\n  here: { runtime: process }\n')

/** Runs a plan of these steps. */
async function steps(text: string) {
  put('p.yaml', `plan: P\ntarget: here\nsteps:\n${text}`)
  return runCli(['run', 'p.yaml'], { cwd: folder })
}

describe('a reading that is not of a whole file', () => {
  test('is not taken of a folder', async () => {
    const { code, out } = await steps('  - assert: { file: ., text: { not: { contains: x } } }\n')
    expect(out).toContain('is a folder, and only a file has content')
    expect(code).toBe(1)
  })
  test('is not taken of a FIFO, without blocking', async () => {
    Bun.spawnSync(['mkfifo', join(folder, 'fifo')])
    const { code, out } = await steps('  - assert: { file: fifo, text: { not: { contains: x } } }\n')
    expect(out).toContain('is a FIFO, and only a file has content')
    expect(code).toBe(1)
  })
  test('is not taken of a file that was cut, but its size and hash are exact', async () => {
    put('big', `${'x'.repeat(17_000_000)}ERROR`)
    const hash = new Bun.CryptoHasher('sha256').update(readFileSync(join(folder, 'big'))).digest('hex')
    const { code, out } = await steps(`  - assert: { file: big, text: { not: { contains: ERROR } } }
  - assert: { file: big, size: 17000005, sha256: ${hash} }
  - { assert: { file: big, exists: true }, capture: { h: sha256 } }
  - assert: { value: "\${{ h }}", is: ${hash} }
`)
    expect(out).toContain('cut at 16 MiB')
    expect(out).toContain('1 failed')
    expect(code).toBe(1)
  })
})

test('dates of TOML are text', async () => {
  put('d.toml', 'd = 2026-01-01\n')
  const equals = await steps('  - assert: { file: d.toml, expect: { $.d: "2026-01-01" } }\n')
  expect(equals.code).toBe(0)
  const not = await steps('  - assert: { file: d.toml, expect: { $.d: { not: "2026-01-01" } } }\n')
  expect(not.code).toBe(1)
})

test('why a file has no document is said, with the place', async () => {
  put('x.yaml', 'a: 1\na: 2\n')
  const { code, out } = await steps('  - assert: { file: x.yaml, expect: { $.b: { absent: true } } }\n')
  expect(out).toContain('not YAML: line 2, column 1: Map keys must be unique')
  expect(code).toBe(1)
})
