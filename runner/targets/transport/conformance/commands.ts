import { describe, expect, test } from 'bun:test'
import type { Transport } from '../../../contracts/transport.ts'
import { run } from './run.ts'

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

export function describeCommands(open: () => Transport): void {
  describe('words arrive as they are', () => {
    const words = [
      PRINTABLE,
      ...PRINTABLE,
      '',
      ' ',
      'two\nlines\n',
      '\t',
      'žluťoučký 😀',
      '-n',
      '--',
      '$(false)',
      '`false`',
      "it's",
      '\\',
    ]
    test('in an argv', async () => {
      const { out } = await run(open(), { argv: ['printf', '%s\\0', ...words] })
      expect(out.split('\0').slice(0, -1)).toEqual(words)
    })
    test('as values of a script', async () => {
      const value = async (word: string) => (await run(open(), { sh: 'printf "%s" "$SD_1"', set: { SD_1: word } })).out
      expect(await Promise.all(words.map(value))).toEqual(words)
    }, 20_000)
    test('as environment', async () => {
      const { out } = await run(open(), { sh: 'printf "%s" "$WORD"' }, { env: { WORD: PRINTABLE } })
      expect(out).toBe(PRINTABLE)
    })
  })

  describe('scripts', () => {
    test('see no values of theirs in an argv', async () => {
      const { out } = await run(open(), {
        sh: 'cat /proc/$$/cmdline 2>/dev/null || ps -o args= -p $$',
        set: { SD_1: 'hidden' },
      })
      expect(out).not.toContain('hidden')
    })
    test('have an empty stdin of their own, so that no command eats the rest', async () => {
      expect((await run(open(), { sh: 'cat\necho after' })).out).toBe('after\n')
    })
    test('can be longer than an argv', async () => {
      expect((await run(open(), { sh: `# ${'x'.repeat(300_000)}\necho long` })).out).toBe('long\n')
    })
    test('may be empty, or comments alone', async () => {
      expect((await run(open(), { sh: '' })).code).toBe(0)
      expect((await run(open(), { sh: '# nothing' })).code).toBe(0)
    })
    test('run nothing when their syntax is wrong, and the shell says so', async () => {
      const { code, out, err } = await run(open(), { sh: 'echo before\nif true; then' })
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('yntax error')
    })
    test('keep heredocs', async () => {
      expect((await run(open(), { sh: 'cat <<END\na $((1 + 1))\nEND' })).out).toBe('a 2\n')
    })
    test('run by another shell where one is asked for', async () => {
      expect((await run(open(), { sh: 'echo $0' }, { shell: '/bin/sh' })).out).toBe('/bin/sh\n')
    })
  })

  describe('stdin', () => {
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => index % 251)
    test('reaches a command byte by byte', async () => {
      expect(Buffer.from((await run(open(), { argv: ['cat'] }, { stdin: bytes })).stdout).equals(bytes)).toBe(true)
    })
    test('reaches the commands of a script, which travels beside it', async () => {
      const ran = await run(open(), { sh: 'read -r first; echo "<$first>"; wc -c' }, { stdin: 'one\ntwo\n' })
      expect(ran.out.replace(/ +/g, '')).toBe('<one>\n4\n')
    })
    test('is no error when nobody reads it', async () => {
      expect((await run(open(), { argv: ['true'] }, { stdin: bytes })).code).toBe(0)
    })
    test('is empty and not the terminal when none is given', async () => {
      expect((await run(open(), { argv: ['cat'] })).out).toBe('')
    })
  })

  describe('how a command ended', () => {
    test('every exit code arrives', async () => {
      const codes = Array.from({ length: 256 }, (_, code) => code)
      const seen = await Promise.all(codes.map(async (code) => (await run(open(), { sh: `exit ${code}` })).code))
      expect(seen).toEqual(codes)
    }, 30_000)
    test.each([
      ['HUP', 1],
      ['INT', 2],
      ['KILL', 9],
      ['USR1', 10],
      ['TERM', 15],
    ])('ended by SIG%s is 128 + %d', async (name, number) => {
      const { code, signal } = await run(open(), { sh: `kill -${name} $$; sleep 5` })
      expect([code, signal]).toEqual([128 + number, `SIG${name}`])
    })
    test('a command that is not found ends with 127 and says so', async () => {
      for (const command of [{ argv: ['no-such-command-here'] }, { sh: 'no-such-command-here' }]) {
        const { code, err } = await run(open(), command)
        expect(code).toBe(127)
        expect(err).toMatch(/no-such-command-here: (command )?not found/)
      }
    })
    test('a file that may not be run ends with 126', async () => {
      expect((await run(open(), { argv: ['/etc/passwd'] })).code).toBe(126)
    })
    test('a folder that is not there is told from a command that is not', async () => {
      const { code, err } = await run(open(), { argv: ['true'] }, { cwd: '/no/such/folder' })
      expect(code).not.toBe(0)
      expect(err).toContain('/no/such/folder')
    })
  })

  describe('output', () => {
    test('may be written by the names of its descriptors', async () => {
      const script = 'echo out >/dev/stdout; echo err >/dev/stderr; echo both | tee /dev/stderr'
      expect(await run(open(), { sh: script })).toMatchObject({ code: 0, out: 'out\nboth\n', err: 'err\nboth\n' })
    })
    test('is kept apart, with or without a last newline, and binary', async () => {
      const { out, err } = await run(open(), { sh: "printf 'a\\nb'; printf 'c' >&2" })
      expect([out, err]).toEqual(['a\nb', 'c'])
      const every = await run(open(), { argv: ['printf', '\\000\\001\\377\\200'] })
      expect([...every.stdout]).toEqual([0, 1, 255, 128])
    })
    test('relative commands and files start in the working folder', async () => {
      expect((await run(open(), { argv: ['pwd'] }, { cwd: '/' })).out).toBe('/\n')
    })
  })
}
