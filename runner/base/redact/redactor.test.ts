import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { MASK, Redactor } from './redactor.ts'

/** Forms of a text that programs write. */
const writings: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  JSON: (secret) => JSON.stringify({ token: secret }),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  'JSON in JSON in JSON': (secret) => JSON.stringify(JSON.stringify(JSON.stringify(secret))),
  'JSON of PHP': (secret) => ascii(JSON.stringify(secret).replaceAll('/', '\\/')),
  'JSON of Go': (secret) => JSON.stringify(secret).replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
  'ASCII JSON': (secret) => ascii(JSON.stringify(secret)),
  'a JavaScript text': (secret) =>
    `'${secret
      .replace(/[\\']/g, '\\$&')
      .replaceAll('\n', '\\n')
      .replace(/[^\x00-\x7f]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)}'`,
  'bytes of Python': (secret) =>
    `b'${octets(secret, (hex, byte) => (byte > 126 || byte < 32 ? `\\x${hex}` : String.fromCharCode(byte)))}'`,
  'octal escapes': (secret) => `$'${octets(secret, (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`)}'`,
  'a word for a shell, by shlex': (secret) => `'${secret.replaceAll("'", `'"'"'`)}'`,
  'a word for a shell': (secret) => `'${secret.replaceAll("'", `'\\''`)}'`,
  'a word in double quotes': (secret) => `"${secret.replace(/["$\\`]/g, '\\$&')}"`,
  'a word with backslashes': (secret) => secret.replace(/[^\w\n]/gu, '\\$&'),
  'text of SQL': (secret) => `'${secret.replaceAll("'", "''")}'`,
  'a field of CSV': (secret) => `"${secret.replaceAll('"', '""')}"`,
  'part of a URL': (secret) => encodeURIComponent(secret),
  'part of a URL in lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (one) => one.toLowerCase()),
  'a path of a URL': (secret) => encodeURIComponent(secret).replaceAll('%2F', '/'),
  'a URL in a URL': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'percent signs alone': (secret) => octets(secret, (hex) => `%${hex}`),
  'a form': (secret) => new URLSearchParams({ s: secret }).toString(),
  'HTML with names': (secret) =>
    secret.replace(
      /[&<>"'/]/g,
      (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '/': '&sol;' })[one] ?? one,
    ),
  'HTML with numbers': (secret) => [...secret].map((one) => `&#${one.codePointAt(0)};`).join(''),
  'HTML with hex numbers': (secret) => [...secret].map((one) => `&#x${one.codePointAt(0)?.toString(16)};`).join(''),
  'HTML in JSON': (secret) => JSON.stringify(secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;')),
  hex: (secret) => octets(secret, (hex) => hex),
  'hex in upper case': (secret) => octets(secret, (hex) => hex).toUpperCase(),
  'hex with colons': (secret) => octets(secret, (hex) => `${hex}:`),
  'hex with blanks and line ends': (secret) => octets(secret, (hex) => `${hex} `).replace(/.{48}/g, '$&\n'),
  'a dump of xxd': (secret) =>
    dumped(
      secret,
      (hex) => hex.join('').replace(/.{4}/g, '$& '),
      (text) => text,
    ),
  'a dump of hexdump': (secret) =>
    dumped(
      secret,
      (hex) => `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`,
      (text) => `|${text}|`,
    ),
  'a dump of od': (secret) =>
    dumped(
      secret,
      (hex) => hex.join(' '),
      () => '',
    ),
  'a list of bytes of C': (secret) => octets(secret, (hex) => `0x${hex}, `).replace(/.{48}/g, '$&\n'),
  'a list of bytes of Go': (secret) => `[${[...Buffer.from(secret)].join(' ')}]`,
  base32: (secret) => base32(Buffer.from(secret)),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  'base64 with line ends': (secret) => Buffer.from(secret.repeat(3)).toString('base64').replace(/.{76}/g, '$&\r\n'),
  'base64 with line ends in JSON': (secret) =>
    JSON.stringify(Buffer.from(secret).toString('base64').replace(/.{8}/g, '$&\n')),
  'base64 in a URL': (secret) => encodeURIComponent(Buffer.from(`${secret}>>>???`).toString('base64')),
  'base64 behind a user': (secret) => Buffer.from(`use:${secret}`).toString('base64'),
  'base64 behind a longer user': (secret) => Buffer.from(`user:${secret}`).toString('base64'),
  'base64 behind an even longer user': (secret) => Buffer.from(`user1:${secret}`).toString('base64'),
  'base64 of base64': (secret) => Buffer.from(Buffer.from(`user:${secret}`).toString('base64')).toString('base64'),
  'base64 of JSON': (secret) => Buffer.from(JSON.stringify({ user: 'a', password: secret })).toString('base64'),
  'base64 of PowerShell': (secret) => Buffer.from(`x=${secret}`, 'utf16le').toString('base64'),
  'without blanks around it': (secret) => secret.trim(),
  'with line ends of Windows': (secret) => secret.replaceAll('\n', '\r\n'),
  'on one line': (secret) => secret.replace(/\s+/g, ' '),
  'lines of a diff': (secret) =>
    secret
      .split('\n')
      .map((line) => `+ ${line}`)
      .join('\n'),
  'a block of YAML': (secret) =>
    secret
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n'),
  'quoted-printable': (secret) => quotedPrintable(secret),
  'UTF-16': (secret) => secret.replace(/[\x00-\x7f]/g, '$&\0'),
  'another composition of accents': (secret) => secret.normalize('NFD'),
  'with colors in it': (secret) => secret.replace(/\w{2}/, '$&\u001b[01;31m\u001b[K'),
}

const secrets: Record<string, string> = {
  'with quotes and punctuation': `p@ss "word"/1+2<'>&`,
  short: 'hunt2',
  'without letters': `!@#$'%^&"`,
  'with letters beyond ASCII': 'grüße/日本 pässw€rt 😀',
  'like an escape': 'n0t\\nan%41escape&amp;',
  'a JSON web token': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVm-NHl0w5N_XgL0n3I9PlFUP0THsR8',
  'with several lines': 'first line of it\nsecond line of it\n  third line of it\n',
  'with several blanks': 'correct  horse   battery',
  'with a line end behind it': 'not-without-newline\n',
  long: randomBytes(2_048).toString('hex'),
  'with punctuation around it': '$$!w0rdl3ss#!',
}

describe('a secret', () => {
  for (const [shape, secret] of Object.entries(secrets))
    for (const [name, write] of Object.entries(writings))
      test(`${shape} does not appear as ${name}`, () => {
        const redactor = new Redactor()
        redactor.add(secret)
        const written = `before\n ${write(secret)} \nbehind`
        const shown = redactor.text(written)
        expect(shown).toContain(MASK)
        expect(shown).toStartWith('before\n ')
        expect(shown).toEndWith(' \nbehind')
        // Left are quotes, and what was written around the secret.
        const left = shown
          .slice(8, -8)
          .replaceAll(MASK, '')
          .replace(/[^\p{L}\p{N}]/gu, '')
        expect(left.length).toBeLessThan(write('').length + 8)
      })

  for (const [shape, secret] of Object.entries(secrets))
    test(`${shape} does not appear in bytes, and those around it stay`, () => {
      const redactor = new Redactor()
      redactor.add(secret)
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const shown = redactor.bytes(
          Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(secret, encoding), Buffer.from([0x80, 0xff])]),
        )
        expect([...shown.subarray(0, 3)]).toEqual([0, 255, 254])
        expect(shown.at(-1)).toBe(0xff)
        expect(Buffer.from(shown).includes(Buffer.from(secret.trim(), encoding))).toBe(false)
        expect(Buffer.from(shown).includes(MASK)).toBe(true)
      }
    })

  test('that is cut off is masked up to the ellipsis, or the end', () => {
    const redactor = new Redactor()
    redactor.add('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0')
    expect(redactor.text('stdout is "eyJhbGciOi…, expected "x"')).toBe(`stdout is "${MASK}…, expected "x"`)
    expect(redactor.text('it said eyJhbGciOiJIUzI1')).toBe(`it said ${MASK}`)
    expect(redactor.text('it said eyJh')).toBe('it said eyJh')
  })

  test('is masked in pieces of 24 letters and digits, wherever it was cut or taken apart', () => {
    const token = randomBytes(60).toString('hex')
    const redactor = new Redactor()
    redactor.add(token)
    for (let at = 0; at + 40 <= token.length; at++)
      expect(redactor.text(`(((${token.slice(at, at + 40)})))`)).toBe(`(((${MASK})))`)
    expect(redactor.text(`(((${token.slice(9, 25)})))`)).toBe(`(((${token.slice(9, 25)})))`)
  })

  test('each line of it is masked alone when it is long enough to be no ordinary word', () => {
    const redactor = new Redactor()
    redactor.add('first line of it\nyes\nthird line of it')
    expect(redactor.text('it wrote: third line of it, yes')).toBe(`it wrote: ${MASK}, yes`)
  })

  test('that runs over several lines is found in a list of lines', () => {
    const redactor = new Redactor()
    redactor.add('ab\ncd\nef\ngh')
    expect(redactor.lines(['it is', '  ab', '  cd', '  ef', '  gh', 'so'])).toEqual(['it is', `  ${MASK}`, 'so'])
  })

  test('of fewer than four characters is not masked, and that is said; below eight it is said that words may go', () => {
    const redactor = new Redactor()
    expect(['', ' \n', 'abc', 'abcd', 'ab\n', 'abcdefgh'].map((secret) => redactor.add(secret))).toEqual([
      'empty',
      'empty',
      'unmasked',
      'short',
      'unmasked',
      'masked',
    ])
    expect(redactor.text('abc')).toBe('abc')
  })

  test('that is short has to be there with its very characters', () => {
    const redactor = new Redactor()
    redactor.add('1234')
    expect(redactor.text('at 12:34 it was 1234')).toBe(`at 12:34 it was ${MASK}`)
  })

  test('is masked once, also when it is the word of the mask', () => {
    const redactor = new Redactor()
    redactor.add('secret')
    expect(redactor.text(redactor.text('the secret is out'))).toBe(`the ${MASK} is out`)
  })

  test('is named by the texts that it is in', () => {
    const redactor = new Redactor()
    for (const secret of ['one-secret', 'other-secret', 'third-secret']) redactor.add(secret)
    expect(redactor.within(Buffer.from(`x third-secret ${btoa('one-secret')}`))).toEqual(['third-secret', 'one-secret'])
  })
})

describe('the time', () => {
  const redactor = new Redactor()
  for (const secret of [...Object.values(secrets), `${'a'.repeat(4_000)}b`, `ab"'cd`]) redactor.add(secret)
  const texts: Record<string, string> = {
    'a log': Array.from(
      { length: 20_000 },
      (_, index) => `2024-11-28T00:00:00Z INFO id=${(index * 7_919).toString(16)} path=/a%20b/${index} {"a":"b\\n"}\n`,
    ).join(''),
    'the beginning of a secret over and over': 'a'.repeat(1_000_000),
    'the same with blanks': 'a '.repeat(500_000),
    'quotes within a short secret': `ab${'"'.repeat(50_000)}c`.repeat(20),
    'escapes of escapes': `%${'25'.repeat(500_000)}`,
    backslashes: '\\'.repeat(1_000_000),
    'begun control sequences': '\u001b]'.repeat(500_000),
    'begun entities': '&a'.repeat(500_000),
    'hex digits': 'abcd '.repeat(200_000),
    'hex digits without blanks': `abcd ${'ab'.repeat(500_000)}`,
  }
  for (const [name, text] of Object.entries(texts))
    test(`is bounded for ${name}`, () => {
      const start = process.cpuUsage()
      redactor.text(text)
      const { user } = process.cpuUsage(start)
      // ms for each MB: measured are 20 to 200.
      expect(user / 1_000 / (text.length / 1_000_000)).toBeLessThan(2_000)
    })
})

function octets(text: string, write: (hex: string, byte: number) => string): string {
  return [...Buffer.from(text)].map((byte) => write(byte.toString(16).padStart(2, '0'), byte)).join('')
}

/** Sixteen bytes a line, with their offset before and their text behind them. */
function dumped(secret: string, columns: (hex: string[]) => string, behind: (text: string) => string): string {
  const bytes = Buffer.from(`0123456${secret}`)
  const lines = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) =>
    bytes.subarray(line * 16, line * 16 + 16),
  )
  const write = (line: Buffer, index: number) => {
    const hex = columns([...line].map((byte) => byte.toString(16).padStart(2, '0')))
    const text = line.toString('latin1').replace(/[^ -~]/g, '.')
    return `${(index * 16).toString(16).padStart(8, '0')}:  ${hex.padEnd(49)} ${behind(text)}`.trimEnd()
  }
  return `\n${lines.map(write).join('\n')}\n`
}

function ascii(text: string): string {
  return text.replace(/[^\x00-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

function quotedPrintable(text: string): string {
  const line = octets(text, (hex, byte) =>
    byte === 0x3d || byte > 126 || byte < 32 ? `=${hex.toUpperCase()}` : String.fromCharCode(byte),
  )
  return line.replace(/.{60}(?![0-9A-F])/g, '$&=\n')
}
