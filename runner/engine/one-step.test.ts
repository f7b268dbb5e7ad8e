import { describe, expect, test } from 'bun:test'
import { preflight } from './preflight.ts'
import { worldOf } from './testing.ts'

describe('expressions in the keys of a step', () => {
  test('timeout: the step is ended by what it comes to', async () => {
    await using it = await worldOf(
      ['tell: { says: a, takes: 20000 }\n    timeout: "${{ variables.limit }}"'],
      'variables: { limit: 20ms }\n',
    )
    expect(await it.run()).toMatchObject({
      outcome: 'failed',
      error: { message: '"tell says a" is not done within 20ms' },
    })
  })

  test('timeout: what is no duration is an error at its place', async () => {
    await using it = await worldOf(
      ['tell: { says: a }\n    timeout: "${{ variables.limit }}"'],
      'variables: { limit: soon }\n',
    )
    expect(await it.run()).toMatchObject({ outcome: 'failed' })
    expect(it.told).toEqual([])
    const ended = it.events.find((event) => event.is === 'step.ended')
    expect(ended).toMatchObject({
      failure: { message: 'the timeout is "soon", which is not a duration', frame: { line: 4 } },
    })
  })

  test('continue-on-error: true only warns, false fails, and nothing else is taken for either', async () => {
    for (const [value, outcome] of [
      ['true', 'warned'],
      ['false', 'failed'],
      ['1', 'failed: this is 1, and must be true or false'],
    ]) {
      await using it = await worldOf(
        ['tell: { says: a, fails: true }\n    continue-on-error: "${{ variables.may }}"'],
        `variables: { may: ${value} }\n`,
      )
      await it.run()
      expect(it.ended()).toEqual([`steps/0 ${outcome}`])
    }
  })

  test('the default of a capture: filled in where nothing was read, other captures of the step included', async () => {
    await using it = await worldOf([
      'tell: { says: a }\n    capture: { one: said, two: { from: not, default: "${{ one }}-${{ run.id }}" }, three: { from: said, default: "${{ 1 / 0 }}" } }',
    ])
    await it.run()
    expect(it.flow.scope.own).toEqual({ one: 'a', two: 'a-run-1', three: 'a' })
  })
})

describe('preflight', () => {
  const { signal } = new AbortController()

  test('does not ask a fault whose `if` is false whatever happens, nor those inside of such a step', async () => {
    await using it = await worldOf(
      [
        'inject-fault: { ask: always }',
        'if: variables.level == "high"\n    inject-fault: { ask: never }',
        'if: "${{ variables.level == \'low\' }}"\n    inject-fault: { ask: likewise }',
        'if: variables.level == "high"\n    group: [{ inject-fault: { ask: inside } }]',
      ],
      'variables: { level: low }\n',
    )
    await preflight(it.world, signal)
    expect(it.told).toEqual(['always', 'likewise'])
  })

  test('asks those of which it can not be told yet', async () => {
    await using it = await worldOf([
      'tell: { says: a }\n    capture: { said: said }',
      'if: said == "b"\n    inject-fault: { ask: captured }',
      'for-each: [a]\n    if: item == "b"\n    inject-fault: { ask: round }',
      'if: services.web.pid == 0\n    inject-fault: { ask: service }',
    ])
    await preflight(it.world, signal)
    expect(it.told).toEqual(['captured', 'round', 'service'])
  })
})
