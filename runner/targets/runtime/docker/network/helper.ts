/** A small container in the network namespace of another one: it makes rules there, and holds them. */
import type { Duplex } from 'node:stream'
import { CheckFailure } from '../../../../contracts/errors.ts'
import type { NetworkRule } from '../../../../contracts/target.ts'
import type { Engine } from '../engine.ts'
import { Frames } from '../frames.ts'
import { helperScript, proxyScript } from './helper-script.ts'
import { PROXY_MARK, PROXY_PORT, type RuleText } from './rules.ts'

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
  readonly peers: readonly string[]
  readonly names: readonly string[]
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

/** The runner's end of the connection keeps the rules in; the process is not kept alive by it. */
function bodyOf({ image, network, labels, table, text, rule, peers, names }: HelperParts): object {
  const delay = rule.is === 'delay'
  return {
    Image: image,
    Cmd: ['sh', '-c', helperScript],
    Env: [
      `TABLE=${table}`,
      `RULES=${text.rules}`,
      `RENEW=${text.renew}`,
      `PEERS=${peers.join(' ')}`,
      `NAMES=${names.join(' ')}`,
      `TEST=${testOf(rule)}`,
      ...(delay
        ? [
            `DELAY=${rule.by}`,
            `JITTER=${rule.jitter}`,
            `PORT=${PROXY_PORT}`,
            `MARK=${PROXY_MARK}`,
            `PROXY=${proxyScript}`,
          ]
        : []),
    ],
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
      CapAdd: ['NET_ADMIN', 'SETUID', 'SETGID'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
    },
  }
}

/** What proves a rule from inside the namespace; the others are proven by being in. */
function testOf(rule: NetworkRule): string {
  if (rule.is === 'drop') return 'connect'
  if (rule.is === 'loss') return 'burst'
  return rule.is === 'dns' ? 'dns' : 'none'
}

function firstWord(socket: Duplex, signal: AbortSignal): Promise<Said> {
  return new Promise((resolve, reject) => {
    let text = ''
    const frames = new Frames((_, bytes) => {
      text += bytes.toString()
      const [, is, words = ''] = /^(ready|without|refused) ?(.*)$/m.exec(text) ?? []
      if (is) resolve({ is: is as Said['is'], words })
    })
    const fail = () =>
      reject(signal.aborted ? signal.reason : new CheckFailure(`the helper ended: ${text.trim() || 'it said nothing'}`))
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.on('data', (chunk: Buffer) => frames.push(chunk))
    for (const event of ['end', 'close', 'error']) socket.once(event, fail)
    socket.resume()
  })
}
