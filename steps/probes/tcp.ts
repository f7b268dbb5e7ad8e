import type { Duplex } from 'node:stream'
import type { PeerCertificate } from 'node:tls'
import { after } from '../../runner/base/timer.ts'
import { isError, messageOf } from '../../runner/contracts/errors.ts'
import { flag, optional, service, shortOr, text } from '../../runner/contracts/params.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'
import { timeLimit } from '../shared/time-limit.ts'

interface TcpParams {
  readonly to: string
  readonly in?: string
  readonly tls?: boolean
}
const detailed = (params: unknown): TcpParams =>
  typeof params === 'object' && params !== null ? (params as TcpParams) : { to: String(params) }

/** Whether something listens. Refused or timed out is the reading, and no failure to read. */
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
    duration: { description: 'how long that took, in ms', type: 'number', least: 0 },
    certificate: { description: 'with `tls`: subject, issuer, fingerprint256, valid-from, valid-to', type: 'mapping' },
  },
  bare: { open: true },
  examples: [{ tcp: 'gateway:8080', open: true }],
  services: (params) => {
    const { to, in: inside = '' } = detailed(params)
    const [host = ''] = to.split(':')
    return [host, inside].filter((name) => name !== '' && !name.includes('$'))
  },
  subject: (params) => detailed(params).to,
  read: async (params, context) => {
    const { to, in: inside, tls } = detailed(params)
    const start = performance.now()
    const address = /^\d+$/.test(to) ? `:${to}` : to
    const open = async () =>
      await context.target.connect(address, { timeout: timeLimit(undefined, context), in: inside })
    try {
      using socket = closing(await open())
      const duration = Math.round(performance.now() - start)
      const certificate = tls ? await certificateOf(socket.of, hostOf(address), context.timeout) : undefined
      const shown =
        certificate === undefined ? '' : `, its certificate is ${certificate['subject'] ?? certificate['none']}`
      return {
        fields: { open: true, duration, ...(certificate?.['subject'] === undefined ? {} : { certificate }) },
        says: `${to} is open${shown}`,
      }
    } catch (error) {
      if (isError(error, 'target') && (!error.transient || inside !== undefined)) throw error
      const duration = Math.round(performance.now() - start)
      return { fields: { open: false, duration }, says: `${to} is closed: ${messageOf(error)}` }
    }
  },
})

function closing(of: Duplex): { readonly of: Duplex } & Disposable {
  return { of, [Symbol.dispose]: () => of.destroy() }
}

/** `[::1]:80` → `::1`. */
function hostOf(address: string): string {
  return address.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
}

/** The certificate is read whoever signed it: whether to trust it is what the plan decides. `none` says why there is none. */
async function certificateOf(socket: Duplex, host: string, timeout: number): Promise<Record<string, unknown>> {
  const tls = await import('node:tls')
  return new Promise((resolve) => {
    const timer = after(timeout, () => resolve({ none: 'not shown in time' }))
    // An address is no name that a certificate is asked for by.
    const servername = /^[\d.]+$|:/.test(host) ? '' : host
    const secure = tls.connect({ socket, servername, rejectUnauthorized: false }, () => {
      timer.stop()
      resolve(shownBy(secure.getPeerCertificate()))
    })
    secure.on('error', (error: Error) => {
      timer.stop()
      resolve({ none: `not shown: ${error.message}` })
    })
  })
}

function shownBy({ subject, issuer, fingerprint256, valid_from, valid_to }: PeerCertificate): Record<string, unknown> {
  return {
    subject: subject?.CN,
    issuer: issuer?.CN,
    fingerprint256,
    'valid-from': new Date(valid_from).toISOString(),
    'valid-to': new Date(valid_to).toISOString(),
  }
}
