/** Each example fails in the way it promises: its exit code, and word for word what is shown. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../runner/commands/testing.ts'

const exits: Readonly<Record<string, number>> = {
  'dies-at-start': 3,
  'document-diff': 1,
  drifted: 4,
  'exits-while-waited-for': 1,
  'no-effect': 1,
  'not-json': 1,
  'not-restored': 4,
  secret: 1,
  'several-misses': 1,
  skipped: 5,
  'wait-times-out': 1,
  'wrong-exit': 1,
}
const SECRET = 's3cr3t-t0ken-42'
const output = mkdtempSync(join(tmpdir(), 'shakedown-failing-'))
afterAll(() => {
  rmSync(output, { recursive: true, force: true })
  rmSync(join(import.meta.dir, '.shakedown'), { recursive: true, force: true })
})

describe('examples/failing', () => {
  test('every example is run here', () => {
    const plans = readdirSync(import.meta.dir).filter((name) => name.endsWith('.yaml') && name !== 'targets.yaml')
    expect(plans.map((name) => name.replace('.yaml', '')).sort()).toEqual(Object.keys(exits).sort())
  })

  for (const [name, exit] of Object.entries(exits))
    test(`${name} ends with ${exit} and is explained`, async () => {
      const args = [`examples/failing/${name}.yaml`, '--color', 'never', '--output', output]
      const { out, err, code } = await runCli(args, { env: { EXAMPLE_TOKEN: SECRET } })
      expect(out + err).not.toContain(SECRET)
      golden(join(import.meta.dir, `${name}.golden.txt`), masked(out + err))
      expect(code).toBe(exit)
    })
})

/** `UPDATE_GOLDEN=1` writes the files anew. */
function golden(file: string, actual: string): void {
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, actual)
  expect(actual).toBe(readFileSync(file, 'utf8'))
}

/** Times, ports, runs and folders differ from run to run. */
function masked(text: string): string {
  return text
    .replaceAll(output, 'RESULTS')
    .replace(/\S*\/\.shakedown\/work\/[^/]+/g, 'WORK')
    .replace(/\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{4}/g, 'RUN')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/ ×\d+/g, '')
    .replace(/ +\b\d+(\.\d+)?(ms|s)\b/g, ' TIME')
    .replace(/[ \t]+$/gm, '')
    .replace(/ {2,}(target|time|restored)/g, ' $1')
    .replace(/ *(\.\.\.|…)$/gm, '…')
}
