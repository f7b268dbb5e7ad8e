import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { type YamlishMapping, yamlish } from './yamlish.ts'

test('a YAML reader gets the same values back', () => {
  const value: YamlishMapping = {
    number: 12,
    text: 'a: "b" # \\c',
    empty: '',
    spaces: '  two\n lines',
    lines: 'one\n\n  two: [x]\n---\n...\n# three\n',
    'a key: with # signs': { inner: '{}', list: [{ a: 1, b: 'x\ny' }, { c: '- d: e' }] },
    left: undefined,
  }
  const { left, ...others } = value
  expect(left).toBeUndefined()
  expect(parse(yamlish(value).join('\n'))).toEqual({
    ...others,
    'a key: with # signs': { inner: '{}', list: [{ a: 1, b: 'x\ny\n' }, { c: '- d: e' }] },
  })
})

test('what looks like a number, a word or an indicator stays text', () => {
  for (const text of [
    '1',
    'null',
    'true',
    '~',
    '[a]',
    '{a}',
    '&a',
    '*a',
    '!a',
    '%a',
    '@a',
    '`a`',
    '|',
    '>',
    '-',
    '?',
    '',
    ' ',
  ])
    expect(parse(yamlish({ text }).join('\n'))).toEqual({ text })
})
