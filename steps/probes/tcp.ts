import type { Duplex } from 'node:stream'
import type { PeerCertificate } from 'node:tls'
import { after } from '../../runner/base/timer.ts'
import { isNoAnswer, type NoAnswer } from '../../runner/contracts/no-answer.ts'
import { flag, optional, service, shortOr, text } from '../../runner/contracts/params.ts'
import { defineProbe, type Taken } from '../../runner/contracts/probe.ts'
import { placeAt } from '../../runner/contracts/source.ts'
import { addressFault } from '../shared/address.ts'
import { timeLimit } from '../shared/time-limit.ts'

interface TcpParams {
  readonly to: string
  readonly in?: string
  readonly tls?: boolean
}
const detailed = (params: unknown): TcpParams =>
  typeof params === 'object' && params !== null ? (params as TcpParams) : { to: String(params) }

/** Whether something listens. Refused or timed out is a reading; a name that does not resolve, or no way to look, is not. */
export const tcp = defineProbe({
  name: 'tcp',
  summary: 'Tells whether something accepts connections, and which certificate it shows.',
  params: shortOr(
    { type: ['string', 'integer'] },
    {
      to: text('HOST:PORT; the host may be a service'),
      in: optional(service('as seen from inside this service')),
      tls: optional(flag('speak TLS and read the certificate')),
    },
    { description: 'HOST:PORT, or a mapping with more' },
  ),
  fields: {
    open: { description: 'whether it accepts connections', type: 'boolean', reach: true },
    resolves: { description: 'whether the name leads to an address', type: 'boolean', reach: true },
    duration: { description: 'how long that took, in ms', type: 'number', least: 0 },
    certificate: { description: 'with `tls`: subject, issuer, fingerprint256, valid-from, valid-to', type: 'mapping' },
  },
  bare: { open: true },
  examples: [{ tcp: 'gateway:8080', open: true }],
  check: (params, place) => {
    const { to } = detailed(params)
    const message = typeof to === 'string' ? addressFault(to) : undefined
    const at = typeof params === 'object' ? placeAt(place, 'to') : place
    return message === undefined
      ? []
      : [{ code: 'bad-address', message, place: at, hint: 'write HOST:PORT', level: 'error' }]
  },
  services: (params) => {
    const { to, in: inside = '' } = detailed(params)
    const [host = ''] = to.split(':')
    return [host, inside].filter((name) => name !== '' && !name.includes('$'))
  },
  subject: (params) => detailed(params).to,
  asked: (params) => {
    const { to, in: inside, tls } = detailed(params)
    return `a ${tls ? 'TLS' : 'TCP'} connection to ${to}${inside === undefined ? '' : ` (from inside ${inside})`}`
  },
  read: async (params, context) => {
    const { to, in: inside, tls } = detailed(params)
    const start = performance.now()
    const address = /^\d+$/.test(to) ? `:${to}` : to
    const limit = timeLimit(undefined, context)
    try {
      using socket = closing(await context.target.connect(address, { timeout: limit, in: inside }))
      const duration = Math.round(performance.now() - start)
      const rest = { timeout: limit - duration, signal: context.signal }
      const fields = { open: true, resolves: true, duration }
      const says = `${to} is open`
      if (!tls) return { fields, says }
      const shown = await certificateOf(socket.of, hostOf(address), rest)
      // Nothing is known of the certificate then, not even whether there is one.
      if ('unknown' in shown)
        return { untaken: `${says}, and its certificate is not known: ${shown.unknown}`, known: fields }
      return { fields: { ...fields, ...shown.fields }, says: `${says}, its certificate is ${shown.says}` }
    } catch (error) {
      if (isNoAnswer(error)) return closedBy(error, to, Math.round(performance.now() - start))
      throw error
    }
  },
})

function closedBy({ shows, message }: NoAnswer, to: string, duration: number): Taken {
  const resolves = shows.resolves === undefined ? {} : { resolves: shows.resolves }
  if (shows.reachable !== false) return { untaken: message, known: resolves }
  return { fields: { open: false, ...resolves, duration }, says: `${to} is closed: ${message}` }
}

function closing(of: Duplex): { readonly of: Duplex } & Disposable {
  return { of, [Symbol.dispose]: () => of.destroy() }
}

/** `[::1]:80` → `::1`. */
function hostOf(address: string): string {
  return address.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
}

type Certificate =
  | { readonly unknown: string }
  /** No field: the peer has none. */
  | { readonly fields: { readonly certificate?: Record<string, unknown> }; readonly says: string }

/** The certificate is read whoever signed it: whether to trust it is what the plan decides. */
async function certificateOf(
  socket: Duplex,
  host: string,
  { timeout, signal }: { timeout: number; signal: AbortSignal },
): Promise<Certificate> {
  const tls = await import('node:tls')
  const done = Promise.withResolvers<Certificate>()
  using _timer = after(timeout, () => done.resolve({ unknown: 'the TLS handshake did not end in time' }))
  const stop = () => done.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  // An address is not a name that a certificate is asked for by.
  const servername = /^[\d.]+$|:/.test(host) ? '' : host
  const secure = tls.connect({ socket, servername, rejectUnauthorized: false }, () => {
    const certificate = shownBy(secure.getPeerCertificate())
    done.resolve({ fields: { certificate }, says: String(certificate['subject'] ?? 'without a name') })
  })
  secure.on('error', (error: NodeJS.ErrnoException) => {
    const { code = '', message } = error
    done.resolve(HAS_NO_TLS.test(code) ? { fields: {}, says: `not shown: ${message}` } : { unknown: message })
  })
  try {
    return await done.promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The peer answered the handshake with something else. One that hangs up shows nothing: a peer with TLS may do that, too. */
const HAS_NO_TLS = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_HTTP_REQUEST|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/

function shownBy({ subject, issuer, fingerprint256, valid_from, valid_to }: PeerCertificate): Record<string, unknown> {
  return {
    subject: subject?.CN,
    issuer: issuer?.CN,
    fingerprint256,
    'valid-from': new Date(valid_from).toISOString(),
    'valid-to': new Date(valid_to).toISOString(),
  }
}
