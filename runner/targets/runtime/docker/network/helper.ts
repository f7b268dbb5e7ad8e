/** A small container in the network namespace of another one: it makes rules there, proves them, and holds them. */
import type { Duplex } from 'node:stream'
import { CheckFailure } from '../../../../contracts/errors.ts'
import type { NetworkRule } from '../../../../contracts/target.ts'
import { LEASE, PROXY_MARK, PROXY_PORT, type RuleText } from '../../../network/rules.ts'
import type { Engine } from '../engine.ts'
import { Frames } from '../frames.ts'
import { helperScript, proofScript, proxyScript } from './helper-script.ts'

const RENEW_EVERY = 3_000

export interface HelperParts {
  readonly image: string
  /** `container:ID`, or `none` for a try in an empty namespace. */
  readonly network: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly table: string
  readonly text: RuleText
  readonly rule: NetworkRule
  /** Addresses: those to be cut off, or those that can be asked whether a rule has an effect. */
  readonly peers: readonly string[]
  readonly names: readonly string[]
  /** The container was restarted, and the rules have to be there before anything else. */
  readonly again?: boolean
  /** In an empty namespace there is nobody to prove anything with. */
  readonly unproven?: boolean
}

export type Said = { readonly is: 'ready' | 'without' | 'refused'; readonly words: string }

export interface Helper {
  readonly id: string
  readonly said: Said
}

/** Resolves once the rules are in and proven, or not. From then on they are renewed for as long as this process lives. */
export async function startHelper(engine: Engine, parts: HelperParts, signal: AbortSignal): Promise<Helper> {
  const { Id } = await engine.json<{ Id: string }>('POST', `/containers/create?name=${parts.name}`, {
    body: bodyOf(parts),
    signal,
  })
  const socket = await engine.hijack(`/containers/${Id}/attach?stream=1&stdin=1&stdout=1&stderr=1`, {}, signal)
  await engine.bytes('POST', `/containers/${Id}/start`, { signal })
  const said = await firstWord(socket, signal)
  const renewing = setInterval(() => socket.write('renew\n'), RENEW_EVERY)
  renewing.unref()
  for (const event of ['close', 'end', 'error']) socket.once(event, () => clearInterval(renewing))
  return { id: Id, said }
}

/** Its own end of stdin tells it that the runner is gone. */
function bodyOf(parts: HelperParts): object {
  const { image, network, labels } = parts
  return {
    Image: image,
    Cmd: ['bash', '-c', helperScript],
    Env: Object.entries(environmentOf(parts)).map(([name, value]) => `${name}=${value}`),
    Labels: labels,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      NetworkMode: network,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
    },
  }
}

function environmentOf({ table, text, rule, peers, names, again, unproven }: HelperParts): Record<string, string> {
  const shared = {
    TABLE: table,
    RULES: text.rules,
    RENEW: text.renew,
    LEASE: String(LEASE),
    TEST: unproven ? 'none' : testOf(rule),
    AGAIN: again ? '1' : '',
    PEERS: peers.join(' '),
    NAMES: names.join(' '),
    PROOF: proofScript,
  }
  if (rule.is === 'loss') return { ...shared, COUNT: String(packetsFor(rule.percent)) }
  if (rule.is === 'rate') return { ...shared, BYTES: String(rule.bytes) }
  if (rule.is === 'reject') return { ...shared, PORTS: rule.ports.join(' ') }
  if (rule.is !== 'delay') return shared
  const late = { DELAY: String(Math.max(1, Math.round(rule.by))), JITTER: String(Math.round(rule.jitter)) }
  return { ...shared, ...late, PORT: String(PROXY_PORT), MARK: String(PROXY_MARK), PROXY: proxyScript }
}

function testOf({ is }: NetworkRule): string {
  return is === 'drop' ? 'connect' : is
}

/** So many that, at that share, not one would be lost once in a million tries. */
function packetsFor(percent: number): number {
  return Math.min(200_000, Math.max(300, Math.ceil(1_400 / percent)))
}

function firstWord(socket: Duplex, signal: AbortSignal): Promise<Said> {
  return new Promise((resolve, reject) => {
    let text = ''
    // Once it has said something it stays, whatever becomes of the step: evidence is gathered while the fault is in.
    const stop = () => socket.destroy()
    const settle = (settled: () => void) => {
      signal.removeEventListener('abort', stop)
      settled()
    }
    const frames = new Frames((_, bytes) => {
      text += bytes.toString()
      const [, is, words = ''] = /^(ready|without|refused) ?(.*)\n/m.exec(text) ?? []
      if (is) settle(() => resolve({ is: is as Said['is'], words }))
    })
    const ended = () =>
      settle(() =>
        reject(
          signal.aborted ? signal.reason : new CheckFailure(`the helper ended: ${text.trim() || 'it said nothing'}`),
        ),
      )
    signal.addEventListener('abort', stop, { once: true })
    socket.on('data', (chunk: Buffer) => frames.push(chunk))
    for (const event of ['end', 'close', 'error']) socket.once(event, ended)
    socket.resume()
  })
}
