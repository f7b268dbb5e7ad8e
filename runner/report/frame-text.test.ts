import { describe, expect, test } from 'bun:test'
import { frameLines } from './frame-text.ts'
import { plainTone } from './tone.ts'

const frame = (text: string, key: string, line = 10) => ({
  file: 'plans/x.yaml',
  line,
  column: text.indexOf(key) + 1,
  length: key.length,
  lines: [
    { number: line - 1, text: 'steps:' },
    { number: line, text },
  ],
})

describe("the plan's lines", () => {
  test('have numbers that line up, and a caret under the exact key', () => {
    expect(frameLines(frame('  - wait-for: 1', 'wait-for'), plainTone)).toEqual([
      ' 9 | steps:',
      '10 |   - wait-for: 1',
      '   |     ^^^^^^^^',
    ])
  })

  test('the caret keeps its place behind wide characters and tabs', () => {
    const [, line = '', caret = ''] = frameLines(frame('日本\t: { key: 1 }', 'key', 2), plainTone)
    expect(Bun.stringWidth(line.slice(0, line.indexOf('key')))).toBe(caret.indexOf('^'))
  })

  test('a long line is cut so that the key can be seen', () => {
    const text = `${'a'.repeat(100)} key: ${'b'.repeat(100)}`
    const [, line = '', caret = ''] = frameLines(frame(text, 'key'), plainTone, 40)
    expect(line.length).toBeLessThanOrEqual(40)
    expect(line).toStartWith('10 | …')
    expect(line).toEndWith('…')
    expect(line.slice(caret.indexOf('^'))).toStartWith('key')
  })

  test('a caret without a line, or beyond its end, is harmless', () => {
    const at = { file: 'x', line: 3, column: 99, length: 500, lines: [] }
    expect(frameLines(at, plainTone, 60).join('\n').length).toBeLessThan(200)
  })
})
