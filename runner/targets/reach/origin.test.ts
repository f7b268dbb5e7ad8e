import { describe, expect, test } from 'bun:test'
import { TargetError } from '../../contracts/errors.ts'
import { isNoAnswer, NoAnswer } from '../../contracts/no-answer.ts'
import type { Runtime } from '../../contracts/target.ts'
import { confirmHost, confirmService } from './confirm.ts'
import { whomAt } from './no-answer.ts'
import { type OriginParts, originOf } from './origin.ts'

const never = new AbortController().signal
const runtime = (state: string): Pick<Runtime, 'names' | 'service'> => ({
  names: () => ['node'],
  service: () => ({ state: async () => ({ state }) }) as never,
})
const origin = (state: string, more: Partial<OriginParts> = {}) =>
  originOf({
    transport: { connect: () => new Promise(() => undefined) },
    runtime: runtime(state),
    locate: async () => undefined,
    ...more,
  })
const node = whomAt('node', { host: 'node', port: 80 })
const other = whomAt('other', { host: 'other', port: 80 })
const unresolved = new NoAnswer('there is no host', { resolves: false }, { code: 'ENOTFOUND' })

describe('a declared service that does not run counts as refused', () => {
  for (const state of ['exited', 'created', 'removed', 'restarting'])
    test(`${state}, though its name does not resolve`, async () => {
      const judged = await origin(state).judge(unresolved, node, never, 0)
      expect([judged.shows, judged.message]).toEqual([
        { reachable: false, resolves: false },
        `node is ${state}, so nobody listens there`,
      ])
    })
  test('also where its name has capitals, which a URL has not', async () => {
    const capital = { ...runtime('exited'), names: () => ['Node'] }
    const hosts: string[] = []
    const locate = async (host: string) => {
      hosts.push(host)
      return undefined
    }
    const judged = await origin('exited', { runtime: capital, locate }).judge(unresolved, node, never, 0)
    expect(judged.message).toBe('Node is exited, so nobody listens there')
    await origin('exited', { runtime: capital, locate }).locate('node', 80, never)
    expect(hosts).toEqual(['Node'])
  })
  test('also where it can’t be located', async () => {
    const gone = async () => {
      throw new TargetError('node has no container: it was removed', { transient: true })
    }
    const thrown = await origin('removed', { locate: gone })
      .locate('node', 80, never)
      .catch((error) => error)
    expect(isNoAnswer(thrown) && thrown.shows).toEqual({ reachable: false, resolves: true })
  })
  for (const state of ['running', 'paused'])
    test(`but not one that is ${state}`, async () => {
      expect(await origin(state).judge(unresolved, node, never, 0)).toBe(unresolved)
    })
  test('nor any other host', async () => {
    expect(await origin('exited').judge(unresolved, other, never, 0)).toBe(unresolved)
  })
  test('nor an answer that had begun', async () => {
    const begun = new NoAnswer('cut off', { resolves: true }, { code: 'ECONNRESET' })
    expect(await origin('exited').judge(begun, node, never, 0)).toBe(begun)
  })
})

describe('silence through a host', () => {
  const silent = new NoAnswer('no answer within 1s', { reachable: false, resolves: true }, { code: 'ETIMEDOUT' })
  const lookingUp = new NoAnswer('did not resolve', { resolves: false }, { code: 'ETIMEDOUT' })
  const exit =
    (code: number, timedOut = false) =>
    async () =>
      ({ code, timedOut }) as never
  const asked = (exec: () => Promise<never>) =>
    origin('running', { confirm: confirmHost({ address: 'ssh://far', exec }) })

  test('proves something while the host still runs a command', async () => {
    expect(await asked(exit(0)).judge(silent, other, never, 0)).toBe(silent)
  })
  test('proves nothing when the host is silent, too', async () => {
    await expect(asked(exit(0, true)).judge(silent, other, never, 0)).rejects.toThrow(
      'ssh://far does not answer any more',
    )
  })
  test('proves nothing when the connection is cut', async () => {
    const cut = async () => {
      throw new TargetError('the connection was cut', { transient: true })
    }
    await expect(asked(cut).judge(silent, other, never, 0)).rejects.toThrow('the connection was cut')
  })
  test('is told from a name that is looked up for too long', async () => {
    const shown = async (code: number) => (await asked(exit(code)).judge(lookingUp, other, never, 0)).shows
    expect([await shown(0), await shown(2), await shown(3)]).toEqual([
      { reachable: false, resolves: true },
      { resolves: false },
      {},
    ])
  })
  test('is not asked about where the host itself says refused', async () => {
    const refused = new NoAnswer('refused', { reachable: false, resolves: true }, { code: 'ECONNREFUSED' })
    expect(await asked(exit(0, true)).judge(refused, other, never, 0)).toBe(refused)
  })
  test('under `in:` proves nothing when the service itself has ended', async () => {
    const inside = { name: 'web', state: async () => ({ state: 'exited' }) } as never
    const judged = origin('running', { confirm: confirmService(inside) }).judge(silent, other, never, 0)
    await expect(judged).rejects.toThrow('web is exited')
  })
})
