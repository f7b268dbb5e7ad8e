import { describe, expect, test } from 'bun:test'
import { Spelled } from '../base/spelling.ts'
import { type Command, toShell } from '../contracts/command.ts'
import { gatheredFrom } from './gathered.ts'
import { checkShellText, shellScript } from './shell-text.ts'
import { ValueError } from './values.ts'

const names = { x: `it's "$HOME" \`id\` $(id); exit 1 #`, n: 3, cli: ['sh', '-c', 'printf %s "$0"', 'a b'], none: [] }

/** What the real shell makes of it. */
function run(text: string): string {
  const command: Command = shellScript(text, names)
  const { stdout, exitCode, stderr } = Bun.spawnSync(['sh'], { stdin: Buffer.from(toShell(command)) })
  expect(stderr.toString()).toBe('')
  expect(exitCode).toBe(0)
  return stdout.toString()
}

describe('a value never becomes syntax', () => {
  test('unquoted it is one word', () => {
    expect(run('printf "[%s]" a ${{ x }} b')).toBe(`[a][${names.x}][b]`)
    expect(run('printf %s pre${{ n }}post')).toBe('pre3post')
  })

  test('within double quotes it is a piece of the text', () => {
    expect(run('printf %s "<${{ x }}> it\'s ${{ n }}"')).toBe(`<${names.x}> it's 3`)
  })

  test('a list is several words, and an empty one is none', () => {
    expect(run('${{ cli }}')).toBe('a b')
    expect(run('printf "[%s]" a ${{ none }} b')).toBe('[a][b]')
  })

  test('within $( ), backticks and arithmetic', () => {
    expect(run('printf %s "$(printf %s ${{ x }})"')).toBe(names.x)
    expect(run('printf %s `printf %s ${{ n }}`')).toBe('3')
    expect(run('printf %s $((${{ n }} + 1 << 2)) ${{ n }}')).toBe('163')
  })

  test('behind a comment with an apostrophe, a heredoc, and quotes of all kinds', () => {
    expect(run("# don't\nprintf %s ${{ x }}")).toBe(names.x)
    expect(run("# it's ${{ x }} and don't\nprintf %s ${{ n }}")).toBe('3')
    expect(run("cat <<'EOF'\nit's\nEOF\nprintf %s ${{ x }}")).toBe(`it's\n${names.x}`)
    expect(run('printf %s \'a"b\' ${{ n }} "c\'d" ${{ n }}')).toBe(`a"b3c'd3`)
    expect(run('a=xyz; printf %s ${#a} ${{ n }}')).toBe('33')
  })

  test('a text without expressions is left as it is', () => {
    expect(shellScript(`echo '$HOME' "$(id)"`, names)).toEqual({ sh: `echo '$HOME' "$(id)"` })
    expect(shellScript('echo $${{ x }}', names)).toEqual({ sh: 'echo ${{ x }}' })
  })
})

describe('where no value can be filled in, it is refused without being asked for', () => {
  const cases = [
    ["echo 'a ${{ x }}'", 'single quotes'],
    ['"$(cat \'${{ x }}\')"', 'single quotes'],
    ['cat <<EOF\na ${{ x }}\nEOF\n', 'a heredoc'],
    ['cat <<-"EOF"\n\ta ${{ x }}\n\tEOF\n', 'a heredoc'],
    ['cat <<A <<B\nA\n${{ x }}\nB\n', 'a heredoc'],
    ['echo \\${{ x }}', 'a backslash'],
    ["printf %s $'a ${{ x }}'", "$'…'"],
    ["printf %s \"$(printf %s $'it\\'s ${{ x }}')\"", "$'…'"],
  ] as const
  test.each(cases)('%j', (text, where) => {
    const bad = checkShellText(text)
    expect(bad?.message).toContain(where)
    expect(text.slice(bad?.start, bad?.end)).toBe('${{ x }}')
    expect(() => shellScript(text, {})).toThrow(ValueError)
  })

  test('and what is fine is not', () => {
    expect(checkShellText('cat <<EOF >${{ x }}\na\nEOF\necho "${{ x }}"')).toBeUndefined()
    expect(checkShellText('cat <<< ${{ x }}\necho ${{ x }}')).toBeUndefined()
  })
})

describe('a value must fit its place', () => {
  const script = (text: string, value: unknown) => shellScript(text, { v: value })
  const refusal = (text: string, value: unknown) => {
    try {
      script(text, value)
      return undefined
    } catch (error) {
      const { message, start, end } = error as ValueError
      return `${text.slice(start, end)}: ${message}`
    }
  }

  test('within $(( )) it is a whole number, in plain figures', () => {
    for (const [value, text] of [
      [3, '3'],
      [-3, '-3'],
      ['08', '8'],
      [' 12\n', '12'],
      [9007199254740993n, '9007199254740993'],
      [new Spelled(777, '0777'), '777'],
    ] as const)
      expect(script('echo $((${{ v }} + 1))', value)).toEqual({ sh: 'echo $((${SD_1} + 1))', set: { SD_1: text } })
    for (const value of ['a[$(id)]', 'x', '', 1.5, true, null, [1], '0x1F', '1e3'])
      expect(refusal('echo $((${{ v }} + 1))', value)).toContain('${{ v }}: v is ')
    expect(refusal('echo $((${{ v }}))', 2n ** 63n)).toContain('64 bits')
  })

  test('null, a list of rounds and a NUL are refused', () => {
    expect(refusal('echo ${{ v }}', null)).toStartWith('${{ v }}: v is null, and text is wanted here')
    expect(refusal('echo ${{ v }}', ['a', null])).toStartWith('${{ v }}: v is null')
    expect(refusal('echo "${{ v }}"', gatheredFrom(['a', 'b']))).toStartWith('${{ v }}: v is a list: it was captured')
    expect(refusal('echo ${{ v }}', 'a\0b')).toContain('NUL')
    expect(refusal('echo a\0b', 1)).toContain('NUL')
  })

  test('a list of rounds is several words where it stands unquoted', () => {
    expect(script('kill ${{ v }}', gatheredFrom([1, 2]))).toEqual({
      sh: 'kill "$SD_1_1" "$SD_1_2"',
      set: { SD_1_1: '1', SD_1_2: '2' },
    })
  })

  test('it keeps its spelling', () => {
    expect(script('echo "${{ v }}"', new Spelled(3.1, '3.10'))).toMatchObject({ set: { SD_1: '3.10' } })
  })
})
