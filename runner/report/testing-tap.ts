/** For the tests of the reports: the readers of TAP that are asked. */
import { test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Parser } from './testing-tap-parser.ts'

/** What is wrong with the TAP itself for a strict parser; a test point that is not ok is not. */
export function errorsIn(tap: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    const found: unknown[] = []
    const parser = new Parser({ strict: true })
    watch(parser, found)
    parser.on('complete', () => resolve(found))
    parser.end(tap)
  })
}

function watch(parser: Parser, found: unknown[]): void {
  parser.on('extra', (line) => found.push(line))
  parser.on('child', (child: Parser) => watch(child, found))
  parser.on('complete', ({ failures }: { failures: readonly object[] }) => {
    found.push(...failures.filter((failure) => 'tapError' in failure && failure.tapError))
  })
}

const canProve = Bun.which('prove') !== null || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined
if (!canProve) console.log('skipped: `prove` (Perl) is not installed here')

/** A test that needs `prove`: skipped with that reason where it is missing, but never on CI. */
export const proveTest = canProve ? test : test.skip

/** Perl's `prove` on one run or several. Throws where it is not installed. */
export function prove(...taps: string[]): { readonly code: number; readonly out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'prove-'))
  try {
    const files = taps.map((tap, index) => {
      const file = join(folder, `${index}.t`)
      writeFileSync(file, tap)
      return file
    })
    const { exitCode, stdout, stderr } = Bun.spawnSync(['prove', '--exec', 'cat', ...files])
    return { code: exitCode, out: `${stdout}${stderr}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
