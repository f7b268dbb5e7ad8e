import { afterEach, describe, expect, test } from 'bun:test'
import { UsageError } from '../contracts/errors.ts'
import { Folder } from './testing.ts'

const plan = (inputs: string) => `plan: P\ninputs: ${inputs}\nsteps: [{ run: x }]\n`

async function inputs(declared: string, said: readonly string[] = [], files = {}): Promise<unknown> {
  using folder = new Folder({ 'plan.yaml': plan(declared), ...files })
  const { cases } = await folder.prepare(['plan.yaml'], {
    inputs: said.map((one) => (one.startsWith('@') ? `@${folder.at(one.slice(1))}` : one)),
  })
  return cases[0]?.inputs
}

async function wrong(declared: string, ...said: readonly string[]): Promise<readonly string[]> {
  using folder = new Folder({ 'plan.yaml': plan(declared) })
  return await folder.problems(['plan.yaml'], { inputs: said })
}

afterEach(() => {
  delete process.env['SHAKEDOWN_INPUT_FULL_DATA_DIR']
})

describe('inputs', () => {
  test('come from --input, else the environment, else a default', async () => {
    const declared = '{ full_data_dir: { default: a } }'
    expect(await inputs(declared)).toEqual({ full_data_dir: 'a' })
    process.env['SHAKEDOWN_INPUT_FULL_DATA_DIR'] = 'b'
    expect(await inputs(declared)).toEqual({ full_data_dir: 'b' })
    expect(await inputs(declared, ['full_data_dir=c=d'])).toEqual({ full_data_dir: 'c=d' })
  })

  test('come from a file of several; what is given later wins', async () => {
    const declared = '{ a: {}, n: { type: number }, l: { type: list } }'
    const files = { 'in.yaml': 'a: "1"\nn: 2\nl: [x, y]\n' }
    expect(await inputs(declared, ['@in.yaml', 'n=3'], files)).toEqual({ a: '1', n: 3, l: ['x', 'y'] })
  })

  test('have the type that they say, else that of their default', async () => {
    const declared =
      '{ t: {}, n: { type: number }, b: { type: boolean }, d: { type: duration }, s: { type: size }, l: { type: list }, m: { default: 1 }, f: { default: true } }'
    const said = ['t=1', 'n=1.5', 'b=false', 'd=1m30s', 's=10MiB', 'l=a, b', 'm=7', 'f=false']
    expect(await inputs(declared, said)).toEqual({
      t: '1',
      n: 1.5,
      b: false,
      d: '1m30s',
      s: '10MiB',
      l: ['a', 'b'],
      m: 7,
      f: false,
    })
  })

  test('that may be missing are not there', async () => {
    expect(await inputs('{ a: { required: false } }')).toEqual({})
  })

  test('that are missing are told at their declaration, with what to type', async () => {
    expect(await wrong('{ a: { default: 1 }, bee: { description: Which } }')).toEqual(['2:30 input "bee" is missing'])
  })

  const mistyped: readonly (readonly [declared: string, said: string, message: string])[] = [
    ['{ n: { type: number } }', 'n=many', 'input "n" is "many", and a number is expected'],
    ['{ n: { type: number } }', 'n=', 'input "n" is "", and a number is expected'],
    ['{ b: { type: boolean } }', 'b=yes', 'input "b" is "yes", and a boolean is expected'],
    ['{ b: { type: boolean } }', 'b=constructor', 'input "b" is "constructor", and a boolean is expected'],
    ['{ d: { type: duration } }', 'd=30', 'input "d" is "30", and a duration is expected'],
    ['{ s: { type: size } }', 's=10', 'input "s" is "10", and a size is expected'],
    ['{ w: { one-of: [main, mini] } }', 'w=mian', 'input "w" is "mian"; did you mean "main"?'],
  ]
  test.each(mistyped)('%s %s', async (declared, said, message) => {
    expect(await wrong(declared, said)).toEqual([`2:11 ${message}`])
  })

  test('are checked in their defaults, too', async () => {
    expect(await wrong('{ d: { type: duration, default: 30 } }')).toEqual([
      '2:11 input "d" is 30, and a duration is expected',
    ])
  })

  test('that no plan has are a slip of the command line', async () => {
    await expect(inputs('{ pool: { default: a } }', ['pol=b'])).rejects.toThrow(
      '--input pol: no plan has such an input; did you mean "pool"?',
    )
    await expect(inputs('{}', ['toString=b'])).rejects.toBeInstanceOf(UsageError)
    await expect(inputs('{}', ['pool'])).rejects.toThrow('write NAME=VALUE')
    await expect(inputs('{}', ['@none.yaml'])).rejects.toThrow('there is no such file')
    await expect(inputs('{}', ['@l.yaml'], { 'l.yaml': '[1]' })).rejects.toThrow('this is no mapping')
  })
})
