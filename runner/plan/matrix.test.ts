import { describe, expect, test } from 'bun:test'
import { Folder, problems } from './testing.ts'

const plan = (matrix: string) => `plan: P\nmatrix: ${matrix}\nsteps: [{ run: x }]\n`

async function titles(matrix: string, files: Readonly<Record<string, string>> = {}, only = {}): Promise<string[]> {
  using folder = new Folder({ 'plan.yaml': plan(matrix), ...files })
  const { cases } = await folder.prepare(['plan.yaml'], { matrix: only })
  return cases.map(({ title }) => title)
}

describe('a matrix', () => {
  test('runs the plan once for each row, with the row in the title', async () => {
    expect(await titles('{ pool: [main, mini], prune: [true, false] }')).toEqual([
      'P [pool=main, prune=true]',
      'P [pool=main, prune=false]',
      'P [pool=mini, prune=true]',
      'P [pool=mini, prune=false]',
    ])
  })

  test('names an object by its name', async () => {
    expect(await titles('{ client: [{ name: geth, v: 1 }, { v: 2 }] }')).toEqual([
      'P [client=geth]',
      'P [client={"v":2}]',
    ])
  })

  test('leaves out what is excluded, in part or whole', async () => {
    expect(await titles('{ a: [1, 2], b: [x, y], exclude: [{ a: 1 }, { a: 2, b: y }] }')).toEqual(['P [a=2, b=x]'])
  })

  test('includes as GitHub Actions does: into the rows it does not contradict, else as a row of its own', async () => {
    expect(await titles('{ a: [1, 2], include: [{ c: z }, { a: 2, d: w }, { a: 3 }] }')).toEqual([
      'P [a=1, c=z]',
      'P [a=2, c=z, d=w]',
      'P [a=3]',
    ])
    expect(await titles('{ include: [{ a: 1 }, { a: 2 }] }')).toEqual(['P [a=1]', 'P [a=2]'])
  })

  test('covers each value, or each pair of values, with fewer rows', async () => {
    const axes = 'a: [1, 2, 3], b: [1, 2, 3], c: [1, 2, 3], d: [1, 2, 3]'
    expect(await titles(`{ ${axes}, cover: each }`)).toHaveLength(3)
    const pairs = await titles(`{ ${axes}, cover: pairs }`)
    expect(pairs.length).toBeLessThanOrEqual(15)
    for (const [x, y] of [...'abcd'].flatMap((one, at) =>
      [...'abcd'].slice(at + 1).map((other) => [one, other] as const),
    ))
      for (const m of [1, 2, 3])
        for (const n of [1, 2, 3])
          expect(pairs.some((title) => title.includes(`${x}=${m}`) && title.includes(`${y}=${n}`))).toBe(true)
    expect(await titles('{ a: [1, 2], cover: pairs }')).toHaveLength(2)
  })

  test('takes an axis from a file beside the plan, and of it what `where` holds for', async () => {
    const files = { 'clients.yaml': '- { name: a, roles: [eth1] }\n- { name: b, roles: [eth2] }\n' }
    const axis = (where: string) => `{ client: { from: clients.yaml${where} } }`
    expect(await titles(axis(''), files)).toEqual(['P [client=a]', 'P [client=b]'])
    expect(await titles(axis(`, where: "'eth1' in item.roles"`), files)).toEqual(['P [client=a]'])
    expect(await titles(axis(', where: "${{ item.name == \'b\' }}"'), files)).toEqual(['P [client=b]'])
  })

  test('runs one row by --matrix', async () => {
    expect(await titles('{ a: [1, 2], b: [x, y] }', {}, { a: '2', b: 'x' })).toEqual(['P [a=2, b=x]'])
    expect(await titles('{ c: [{ name: n }, { name: m }] }', {}, { c: 'n' })).toEqual(['P [c=n]'])
  })

  test('of --matrix must be there', async () => {
    const { UsageError } = await import('../contracts/errors.ts')
    const asked = (only: object) => titles('{ pool: [main] }', {}, only)
    await expect(asked({ pol: 'main' })).rejects.toThrow('no plan has such an axis; did you mean "pool"?')
    await expect(asked({ pool: 'mian' })).rejects.toThrow('no plan has that value; did you mean "main"?')
    await expect(asked({ pol: 'main' })).rejects.toBeInstanceOf(UsageError)
  })
})

describe('a matrix that makes no sense', () => {
  const table: Readonly<Record<string, readonly [matrix: string, ...wrong: string[]]>> = {
    'an axis without values': ['{ a: [] }', '2:11 an axis without values: nothing would run'],
    'an axis that is no list': ['{ a: 1 }', '2:14 an axis needs a list of values'],
    'a value that is there twice': ['{ a: [1, 2, 1] }', '2:21 1 is there twice'],
    'an unknown cover': ['{ a: [1], cover: pair }', '2:26 "pair" is no cover; did you mean "pairs"?'],
    'an exclude of no axis': [
      '{ pool: [1, 2], exclude: [{ pol: 1 }] }',
      '2:37 there is no axis "pol"; did you mean "pool"?',
    ],
    'an include that is no list': ['{ a: [1], include: { a: 2 } }', '2:19 `include` takes a list of rows'],
    'an exclude of everything': ['{ a: [1], exclude: [{ a: 1 }] }', '2:1 this matrix has no row: nothing would run'],
    'more rows than anybody waits for': [
      `{ ${[...'abcdefg'].map((name) => `${name}: [1, 2, 3, 4, 5, 6]`).join(', ')} }`,
      '2:1 279936 rows are more than anybody wants to wait for',
    ],
    'a file that is not there': ['{ a: { from: no.yaml } }', '2:22 no.yaml is not there'],
    'a file that is no list': ['{ a: { from: targets.yaml } }', '2:22 targets.yaml holds no list: an axis needs one'],
    'an unknown key beside `from`': [
      '{ a: { from: l.yaml, were: x } }',
      '2:30 unknown key "were"; did you mean "where"?',
    ],
    'a `where` that is not boolean': [
      '{ a: { from: l.yaml, where: item } }',
      '2:37 this is 1, and must be true or false',
    ],
  }
  for (const [title, [matrix, ...wrong]] of Object.entries(table))
    test(title, async () => expect(await problems(plan(matrix), { 'l.yaml': '[1, 2]' })).toEqual(wrong))
})

test('expressions know the axes, those of include too', async () => {
  const steps = 'steps: [{ run: "x ${{ matrix.a }} ${{ matrix.b }} ${{ matrix.c }}" }]\n'
  expect(await problems(`plan: P\nmatrix: { a: [1], include: [{ b: 2 }] }\n${steps}`)).toEqual([
    '3:62 there is no axis "c"; valid here: a, b',
  ])
})
