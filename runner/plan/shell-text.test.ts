import { describe, expect, test } from 'bun:test'
import { type Command, toShell } from '../contracts/command.ts'
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
