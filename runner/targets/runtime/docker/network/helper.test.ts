import { afterAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { NetworkRule } from '../../../../contracts/target.ts'
import { ruleText } from '../../../network/rules.ts'
import { localTransport } from '../../../transport/local.ts'
import { daemonAddress } from '../daemon.ts'
import { Engine } from '../engine.ts'
import { dockerTest } from '../testing.ts'
import { type HelperParts, startHelper } from './helper.ts'
import { helperScript } from './helper-script.ts'
import { helperImage } from './image.ts'

setDefaultTimeout(600_000) // The image may have to be built.
const mark = `sd-helper-test-${process.pid}-${randomBytes(3).toString('hex')}`
const never = new AbortController().signal
let count = 0

afterAll(() => {
  const { stdout } = Bun.spawnSync(['docker', 'ps', '--all', '--quiet', '--filter', `label=${mark}`])
  const left = stdout.toString().split('\n').filter(Boolean)
  if (left.length > 0) Bun.spawnSync(['docker', 'rm', '--force', ...left])
})

const open = () => Engine.open(localTransport(), daemonAddress(undefined, localTransport()))
const image = async () => helperImage(await open(), undefined, () => undefined)

/** In an empty namespace, so that nothing on this machine is broken. */
async function helper(rule: NetworkRule, more: Partial<HelperParts> = {}) {
  const { peers = [] } = more
  const parts = {
    image: await image(),
    network: 'none',
    name: `${mark}-${++count}`,
    table: 'sd',
    labels: { [mark]: '' },
  }
  return startHelper(
    await open(),
    { ...parts, text: ruleText('sd', rule, peers), rule, peers, names: [], ...more },
    never,
  )
}

const rules: Readonly<Record<string, NetworkRule>> = {
  'a cut both ways': { is: 'drop', peers: ['a'], direction: 'both' },
  'a cut one way': { is: 'drop', peers: ['a'], direction: 'in' },
  'a small loss': { is: 'loss', percent: 0.01 },
  'a whole loss': { is: 'loss', percent: 100 },
  'a slow rate': { is: 'rate', bytes: 1 },
  'a fast rate': { is: 'rate', bytes: 10_000_000_000 },
  refusals: { is: 'reject', ports: [] },
  'refusals of some ports': { is: 'reject', ports: [80, 443] },
  'no names': { is: 'dns', names: [] },
  'some names': { is: 'dns', names: ['db', 'a-rather-long-name.of-a-host.example.org'] },
  'a delay': { is: 'delay', by: 20, jitter: 5 },
}

describe('the kernel takes the rules of', () => {
  for (const [title, rule] of Object.entries(rules))
    dockerTest(title, async () => {
      const peers = ['192.0.2.1', '2001:db8::1']
      const { said } = await helper(rule, { peers, unproven: true })
      expect(said).toEqual({ is: 'ready', words: expect.any(String) })
    })
})

describe('without anything to lose there is no effect for', () => {
  const nothing: Readonly<Record<string, readonly [NetworkRule, Partial<HelperParts>, string]>> = {
    'a cut': [
      { is: 'drop', peers: ['a'], direction: 'both' },
      { peers: ['192.0.2.1'] },
      'there was no way to 192.0.2.1 before, so nothing could be cut',
    ],
    refusals: [{ is: 'reject', ports: [80] }, {}, 'nothing listens on 80 that could be refused'],
    names: [{ is: 'dns', names: [] }, { names: ['nobody'] }, 'none of nobody could be looked up before'],
  }
  for (const [title, [rule, more, words]] of Object.entries(nothing))
    dockerTest(title, async () => {
      expect((await helper(rule, more)).said).toEqual({ is: 'without', words })
      expect(await helper(rule, { ...more, again: true })).toMatchObject({ said: { is: 'ready' } })
    })
})

/** A helper that is told nothing but what the test tells it. */
async function untold(lease: number) {
  const rule: NetworkRule = { is: 'loss', percent: 50 }
  const { rules: RULES, renew: RENEW } = ruleText('sd', rule, [])
  const environment = { TABLE: 'sd', RULES, RENEW, LEASE: String(lease), TEST: 'none', DELAY: '', PEERS: '' }
  const env = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const options = ['--rm', '--interactive', '--network', 'none', '--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN']
  const argv = ['docker', 'run', ...options, '--label', mark, ...env, await image(), 'bash', '-c', helperScript]
  const child = Bun.spawn(argv, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const reader = child.stdout.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('ready the rules are in\n')
  return child
}

describe('a helper ends by itself', () => {
  dockerTest('when nobody tells it anything any more', async () => {
    const child = await untold(1)
    const start = performance.now()
    expect(await child.exited).toBe(0)
    expect(performance.now() - start).toBeGreaterThan(500)
  })

  dockerTest('when its stdin ends, and not as long as it is told to go on', async () => {
    const child = await untold(1)
    for (let told = 0; told < 15; told++) {
      child.stdin.write('renew\n')
      child.stdin.flush()
      await Bun.sleep(100)
    }
    expect(child.exitCode).toBeNull()
    child.stdin.end()
    expect(await child.exited).toBe(0)
  })
})
