import { describe, expect, test } from 'bun:test'
import { Redactor } from '../base/redact/redactor.ts'
import { tailsOf } from './outputs.ts'

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`)

function tails(stdout: string | Uint8Array, redactor = new Redactor(), name = 'steps/2#1') {
  const kept = new Map<string, string>()
  const attach = (file: string, bytes: Uint8Array) => {
    kept.set(file, Buffer.from(bytes).toString())
    return `results/${file}`
  }
  return { tails: tailsOf([{ of: '`x`', stdout: Buffer.from(stdout) }], { redactor, attach, name }), kept }
}

describe('tailsOf', () => {
  test('shows the last 40 lines and keeps all of them', () => {
    const whole = `${lines(100).join('\n')}\n`
    const {
      tails: [tail],
      kept,
    } = tails(whole)
    expect(tail).toEqual({
      of: '`x`',
      stream: 'stdout',
      lines: lines(100).slice(-40),
      total: 100,
      path: 'results/output/steps-2-round-1.stdout.txt',
    })
    expect([...kept.values()]).toEqual([whole])
  })
  test('counts a last line without a newline', () => {
    expect(tails('a\nb').tails[0]).toMatchObject({ total: 2, lines: ['a', 'b'] })
  })
  test('leaves out a stream that nothing was written to', () => {
    expect(tails('').tails).toEqual([])
  })
  test('masks before it cuts, in the middle of a long line and across lines', () => {
    const redactor = new Redactor()
    redactor.add('first-half\nsecond-half')
    const {
      tails: [tail],
    } = tails(`${'x'.repeat(990)}first-half\nsecond-half${'y'.repeat(995)}\n`, redactor)
    expect(JSON.stringify(tail)).not.toMatch(/half/)
  })
  test('shows no piece of a secret that the last bytes begin in', () => {
    const redactor = new Redactor()
    redactor.add('SECRET-VALUE')
    const rest = 256 * 1024 - 'VALUE'.length
    for (const filler of ['x'.repeat(rest), `${'x'.repeat(99)}\n`.repeat(rest / 100).padEnd(rest, 'x')]) {
      const {
        tails: [tail],
      } = tails(`${'x'.repeat(1_000)}SECRET-VALUE${filler}`, redactor)
      expect(JSON.stringify(tail)).not.toContain('VALUE')
      expect(tail?.lines.at(-1)).toContain('xxx')
    }
  })
  test('is shown all the same where the file cannot be written', () => {
    const attach = () => {
      throw new Error('no space left')
    }
    const [tail] = tailsOf([{ of: 'x', stderr: Buffer.from('a') }], { redactor: new Redactor(), attach, name: 'x' })
    expect(tail).toEqual({ of: 'x', stream: 'stderr', lines: ['a'], total: 1, path: undefined })
  })
})
