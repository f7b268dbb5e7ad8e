import { describe, expect, test } from 'bun:test'
import { Redactor } from './redact.ts'

const secret = 'p@ss "word"/1+2'
const redactor = new Redactor()
redactor.add(secret)

describe('a secret', () => {
  const forms = {
    plain: secret,
    JSON: JSON.stringify({ token: secret }),
    'JSON in JSON': JSON.stringify(JSON.stringify(secret)),
    'a URL': `http://x/?t=${encodeURIComponent(secret)}`,
    'a form': new URLSearchParams({ t: secret }).toString(),
    hex: Buffer.from(secret).toString('hex'),
    base64: Buffer.from(secret).toString('base64'),
    'base64 behind a user': Buffer.from(`user:${secret}`).toString('base64'),
    'base64 behind a longer user': Buffer.from(`user1:${secret}`).toString('base64'),
    'base64 behind an even longer user': Buffer.from(`user12:${secret}`).toString('base64'),
    HTML: 'p@ss &quot;word&quot;/1+2',
  }
  for (const [name, text] of Object.entries(forms))
    test(`never appears, as ${name}`, () => {
      const shown = redactor.text(`before ${text} after`)
      expect(shown).toContain('‹secret›')
      expect(shown).toStartWith('before ')
      expect(shown).toEndWith(' after')
      expect(shown).not.toContain('word')
    })

  test('never appears inside events, keys included', () => {
    const shown = redactor.value({ a: [{ [secret]: `x${secret}` }], n: 1 })
    expect(JSON.stringify(shown)).toBe('{"a":[{"‹secret›":"x‹secret›"}],"n":1}')
  })

  test('never appears in binary, and the bytes around it stay', () => {
    const bytes = redactor.bytes(Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(secret), Buffer.from([128])]))
    expect([...bytes.subarray(0, 3)]).toEqual([0, 255, 254])
    expect(bytes.at(-1)).toBe(128)
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('word')
  })

  test('one that is too short is told of, instead of tearing every text apart', () => {
    const short = new Redactor()
    expect(short.add('abc')).toBe(false)
    expect(short.text('abcdef')).toBe('abcdef')
  })
})
