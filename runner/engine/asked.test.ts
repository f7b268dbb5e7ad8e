import { expect, test } from 'bun:test'
import { Redactor } from '../base/redact/redactor.ts'
import { markPlace } from '../contracts/source.ts'
import { noting } from '../plan/filled.ts'
import { evaluateBare, substitute } from '../plan/values.ts'
import { withValues } from './asked.ts'

const place = { file: 'plan.yaml', path: ['steps', 0] }

/** A step with these texts, each filled in. */
function stepOf(
  texts: Readonly<Record<string, string>>,
  names: Readonly<Record<string, unknown>>,
  bare: string[] = [],
) {
  const noted = noting(names)
  for (const text of Object.values(texts)) substitute(text, noted.names)
  for (const text of bare) evaluateBare(text, noted.names)
  const assert = { all: [...Object.entries(texts).map(([key, text]) => ({ [key]: text })), ...bare] }
  return { raw: markPlace({ assert }, place), ...noted }
}

const valuesOf = (...args: Parameters<typeof stepOf>) =>
  withValues([{ text: '' }], stepOf(...args), new Redactor())[0]?.values

test('names the captures in an expression and what it computes', () => {
  const names = { node: 'up', n: 12, inputs: { who: 'a' } }
  const texts = { http: 'http://x/${{ node }}/${{ n + 1 }}', run: 'echo ${{ inputs.who }}' }
  expect(valuesOf(texts, names)).toEqual({ node: 'up', n: 12, 'n + 1': 13, 'inputs.who': 'a' })
})

test('shows the value of a name in a flag, and not the flag', () => {
  expect(valuesOf({}, { n: 12 }, ['n >= 13'])).toEqual({ n: 12 })
})

test('gives each condition of a group its own values', () => {
  const step = stepOf({ http: 'http://x/${{ a }}', run: 'echo ${{ b }}' }, { a: 1, b: 2 })
  const at = (index: number) => ({
    text: 'x',
    place: { file: 'plan.yaml', path: ['steps', 0, 'assert', 'all', index] },
  })
  const asked = withValues([at(0), at(1)], step, new Redactor())
  expect(asked.map(({ values }) => values)).toEqual([{ a: 1 }, { b: 2 }])
})

test('hides secrets whatever their type, and what they were turned into', () => {
  const redactor = new Redactor()
  redactor.add('123456')
  const names = { pin: 123456, rows: [{ pin: 123456 }], text: 'pin 123456', secrets: { short: 'ab' } }
  const texts = { run: '${{ pin }} ${{ rows }} ${{ text }} ${{ secrets.short }} ${{ size(secrets.short + "x") }}' }
  expect(withValues([{ text: 'echo 123456' }], stepOf(texts, names), redactor)).toEqual([
    {
      text: 'echo ‹secret›',
      values: {
        pin: '‹secret›',
        rows: [{ pin: '‹secret›' }],
        text: 'pin ‹secret›',
        'secrets.short': '‹secret›',
      },
    },
  ])
})

test('keeps every digit of a large integer', () => {
  expect(valuesOf({ run: '${{ n }}' }, { n: 12345678901234567890n })).toEqual({ n: '12345678901234567890' })
})

test('leaves out a condition in words unless values stand in it', () => {
  const asked = [{ text: 'web: state healthy', inWords: true }]
  expect(withValues(asked, stepOf({}, {}), new Redactor())).toEqual([])
  expect(withValues(asked, stepOf({ state: '${{ s }}' }, { s: 'up' }), new Redactor())).toHaveLength(1)
})
