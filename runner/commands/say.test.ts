import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './testing.ts'

const sources = ['runner', 'steps'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.ts') && !/test|conformance/.test(name)),
)
const textOf = (name: string) => readFileSync(join(root, name), 'utf8')

test('nothing but `say` prints', () => {
  expect(sources.filter((name) => /\bconsole\.\w+\(/.test(textOf(name)))).toEqual(['runner/commands/say.ts'])
})

test('nothing but the reporters and brief.ts shortens text for people', () => {
  const shortens = /\.(slice|substring|substr)\([^\n]*\)\}?…/
  const outside = sources.filter((name) => !/^runner\/report\//.test(name) && name !== 'runner/base/brief.ts')
  const lastLines = /\.slice\(-[^\n]*\)\s*\.join\(/
  expect(outside.filter((name) => shortens.test(textOf(name)) || lastLines.test(textOf(name)))).toEqual([])
})
