import { describe, expect, test } from 'bun:test'
import { worldOf } from './testing.ts'

describe('for-each', () => {
  test('runs a step for each item, with its name, item and index', async () => {
    await using it = await worldOf([
      'for-each: { host: [a, b] }\n    tell: { says: "${{ host }} ${{ item }} ${{ index }}" }',
    ])
    expect(await it.run()).toMatchObject({ outcome: 'passed' })
    expect(it.told).toEqual(['a a 1', 'b b 2'])
    expect(it.ended()).toEqual(['steps/0#1 passed', 'steps/0#2 passed'])
  })

  test('takes the keys of a list of mappings, and a list that an expression gives', async () => {
    await using it = await worldOf(
      [
        'for-each: [{ who: a, n: 1 }, { who: b, n: 2 }]\n    tell: { says: "${{ who }}${{ n }}" }',
        'for-each: { x: "${{ variables.list }}" }\n    tell: { says: "${{ x }}" }',
      ],
      'variables: { list: [c, d] }\n',
    )
    await it.run()
    expect(it.told).toEqual(['a1', 'b2', 'c', 'd'])
  })

  test('over what is no list, or an empty one, is an error of the plan', async () => {
    for (const [list, message] of [
      ['[]', 'for-each over an empty list would check nothing'],
      ['5', 'for-each takes a list'],
    ]) {
      await using it = await worldOf(
        ['for-each: { x: "${{ variables.list }}" }\n    tell: { says: a }'],
        `variables: { list: ${list} }\n`,
      )
      expect(await it.run()).toMatchObject({ outcome: 'failed' })
      expect(it.ended()).toEqual([expect.stringContaining(message as string)])
      expect(it.told).toEqual([])
    }
  })
})

describe('repeat', () => {
  test('runs a step so often, within each item', async () => {
    await using it = await worldOf([
      'for-each: [a, b]\n    repeat: "${{ 1 + 1 }}"\n    tell: { says: "${{ item }}${{ index }}" }',
    ])
    await it.run()
    expect(it.told).toEqual(['a1', 'a2', 'b3', 'b4'])
  })

  test('takes only whole numbers from 1', async () => {
    await using it = await worldOf(['repeat: "${{ 0 * 2 }}"\n    tell: { says: a }'])
    expect(await it.run()).toMatchObject({ outcome: 'failed' })
    expect(it.ended()).toEqual([expect.stringContaining('repeat is 0')])
  })
})

describe('rounds', () => {
  test('keep their captures to themselves; afterwards they are a list, with null for a round that made none', async () => {
    await using it = await worldOf([
      'for-each: [a, b, c]\n    if: item != "b"\n    tell: { says: "${{ item }}" }\n    capture: { said: said }',
      'tell: { says: "then ${{ said[0] }} of ${{ said.size() }}" }',
    ])
    await it.run()
    expect(it.flow.scope.own['said']).toEqual(['a', null, 'c'])
    expect(it.told).toEqual(['a', 'c', 'then a of 3'])
    expect(it.ended()).toEqual(['steps/0#1 passed', 'steps/0#2 not-run', 'steps/0#3 passed', 'steps/1 passed'])
  })

  test('end with the first that fails, and are as bad as the worst of them', async () => {
    await using it = await worldOf([
      'for-each: [a, b, c]\n    tell: { says: "${{ item }}", fails: "${{ item == \'b\' }}" }',
      'tell: { says: behind }',
    ])
    expect(await it.run()).toMatchObject({ outcome: 'failed' })
    expect(it.told).toEqual(['a', 'b'])
    expect(it.ended()).toEqual(['steps/0#1 passed', 'steps/0#2 failed', 'steps/1 not-run'])
  })

  test('all run where a failure only warns', async () => {
    await using it = await worldOf([
      'for-each: [a, b, c]\n    continue-on-error: true\n    tell: { says: "${{ item }}", fails: true }',
    ])
    expect(await it.run()).toMatchObject({ outcome: 'passed' })
    expect(it.told).toEqual(['a', 'b', 'c'])
  })
})
