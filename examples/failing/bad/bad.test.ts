/** Each plan here has one mistake (or says how many): the message stands at its spot, and nothing is run. */
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../../runner/commands/testing.ts'

const output = mkdtempSync(join(tmpdir(), 'shakedown-bad-'))
afterAll(() => rmSync(output, { recursive: true, force: true }))

const several: Readonly<Record<string, number>> = { 'bad-duration.yaml': 2, 'several.yaml': 3 }

test('every mistake gets a message of its own, word for word, and nothing is run', async () => {
  const { code, out, err } = await run('examples/failing/bad')
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(readdirSync(output)).toEqual([])
  const messages = byFile(err)
  const plans = readdirSync(import.meta.dir).filter((name) => name.endsWith('.yaml'))
  expect(Object.fromEntries(messages.map(([file, blocks]) => [file, blocks.length]))).toEqual(
    Object.fromEntries(plans.sort().map((name) => [name, several[name] ?? 1])),
  )
  golden(messages.flatMap(([, blocks]) => blocks).join('\n\n'))
})

/** The messages of each file, in the order they came; files by name. */
function byFile(text: string): (readonly [file: string, blocks: string[]])[] {
  const files = new Map<string, string[]>()
  for (const block of text.split(/\n\n+/)) {
    const [, file] = /^examples\/failing\/bad\/([^:]+):\d+:\d+: /.exec(block) ?? []
    if (file !== undefined) files.set(file, [...(files.get(file) ?? []), block.trimEnd()])
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** `UPDATE_GOLDEN=1` writes the file anew. */
function golden(actual: string): void {
  const file = join(import.meta.dir, 'bad.golden.txt')
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, `${actual}\n`)
  expect(`${actual}\n`).toBe(readFileSync(file, 'utf8'))
}

const run = (path: string) =>
  runCli([path, '--color', 'never', '--output', output], { env: { EXAMPLE_TOKEN: 's3cr3t-t0ken-42' } })
