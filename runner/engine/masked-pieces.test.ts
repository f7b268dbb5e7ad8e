import { expect, test } from 'bun:test'
import { Redactor } from '../base/redact/redactor.ts'
import { maskedPieces } from './masked-pieces.ts'

const SECRET = 'correct-horse-battery-staple'

function masked(text: string, size: number): string {
  const redactor = new Redactor()
  redactor.add(SECRET)
  function* pieces() {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  }
  return [...maskedPieces(pieces(), redactor)].join('')
}

test('masks a secret that lies across pieces, and keeps everything else', () => {
  const line = `${'x'.repeat(100)} ${SECRET} end\n`
  const text = line.repeat(4_000)
  for (const size of [7_001, 100_000, 1_000_000]) {
    const out = masked(text, size)
    expect(out).not.toContain('horse')
    expect(out.split('\n').length).toBe(4_001)
  }
})

test('gives a text back as it is where it holds no secret', () => {
  const text = `${'plain line\n'.repeat(50_000)}the last without an end`
  expect(masked(text, 65_536)).toBe(text)
})
