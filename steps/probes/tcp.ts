import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { isError, messageOf } from '../../runner/contracts/errors.ts'
import { flag, optional, service, shortOr, text } from '../../runner/contracts/params.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'

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
    const host = detailed(params).to.split(':')[0] ?? ''
    return host === '' || host.includes('$') ? [] : [host]
  },
  subject: (params) => detailed(params).to,
  read: async (params, { target, timeout }) => {
    const { to, in: inside, tls } = detailed(params)
    const start = performance.now()
    const took = () => Math.round(performance.now() - start)
    const address = /^\d+$/.test(to) ? `:${to}` : to
    try {
      const socket = await target.connect(address, { timeout, in: inside })
      const certificate = tls ? await certificateOf(socket, address.split(':')[0] ?? '', timeout) : undefined
      socket.destroy()
      return {
        fields: { open: true, duration: took(), ...(certificate ? { certificate } : {}) },
        says: `${to} is open`,
      }
    } catch (error) {
      if (isError(error, 'target') && !error.transient) throw error
      return { fields: { open: false, duration: took() }, says: `${to} is closed: ${messageOf(error)}` }
    }
  },
})

/** The certificate is read whoever signed it: trusting it is what the plan decides. */
function certificateOf(socket: Duplex, servername: string, timeout: number): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no TLS handshake in time')), timeout)
    const secure = connectTls(
      { socket, servername: /^[\d.:]+$/.test(servername) ? '' : servername, rejectUnauthorized: false },
      () => {
        clearTimeout(timer)
        const { subject, issuer, fingerprint256, valid_from, valid_to } = secure.getPeerCertificate()
        resolve({
          subject: subject?.CN,
          issuer: issuer?.CN,
          fingerprint256,
          'valid-from': valid_from,
          'valid-to': valid_to,
        })
      },
    )
    secure.on('error', (error: Error) => {
      clearTimeout(timer)
      reject(error)
    })
  })
}
