/** Turns the failure of an attempt into evidence. No other place decides what counts as evidence. */
import { NoAnswer } from '../../contracts/no-answer.ts'
import type { Address } from '../../contracts/transport.ts'
import { formatDuration } from '../../contracts/units.ts'
import { BadCertificate } from './secure.ts'
import type { Trace } from './trace.ts'

/** Whom an attempt was made to reach. */
export interface Whom {
  /** As the plan names it: a host or a service. */
  readonly name: string
  /** The peer of the connection: a name or an address. */
  readonly host: string
  /** The address of the peer, for people: `10.0.0.7:80`. */
  readonly where: string
  readonly secure?: boolean | undefined
}

/** `name` as the plan has it, and where it leads. */
export function whomAt(name: string, to: Address, secure = false): Whom {
  if ('path' in to) return { name, host: to.path, where: to.path, secure }
  return { name, host: to.host, where: `${to.host}:${to.port}`, secure }
}

/** Only these say that nobody could be connected to. Everything that is not listed here shows nothing. */
const NOT_CONNECTED: Readonly<Record<string, (where: string) => string>> = {
  ECONNREFUSED: (where) => `refused by ${where}`,
  ECONNRESET: (where) => `cut off by ${where}`,
  ETIMEDOUT: (where) => `no answer from ${where}`,
  EHOSTUNREACH: (where) => `there is no way to ${where}`,
  ENETUNREACH: (where) => `there is no way to ${where}`,
  EHOSTDOWN: (where) => `there is no way to ${where}`,
}
const CUT = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED']
const NOT_FOUND = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA']

/** The reason why there was no answer, and its evidence. */
export function noAnswer(cause: unknown, whom: Whom, trace: Trace): NoAnswer {
  const error = cause as NodeJS.ErrnoException
  if (cause instanceof BadCertificate) return notSent(error.message, cause)
  if (['locating', 'resolving', 'connecting'].includes(trace.stage)) return notConnected(error, whom)
  if (trace.stage === 'securing') return notSecured(error, whom, trace)
  return notAnswered(error, whom, trace)
}

/** The time limit ended it. */
export function tooLate(timeout: number, { name, where }: Whom, { stage, heard }: Trace): NoAnswer {
  const limit = formatDuration(timeout)
  const cause = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
  if (stage === 'locating') return new NoAnswer(`the way to ${where} was not open within ${limit}`, {}, cause)
  if (stage === 'resolving')
    return new NoAnswer(`the name "${name}" did not resolve within ${limit}`, { resolves: false }, cause)
  if (stage === 'answering' || heard())
    return new NoAnswer(
      stage === 'securing'
        ? `the TLS handshake with ${where} did not end within ${limit}`
        : `the answer did not end within ${limit}`,
      { resolves: true },
      cause,
    )
  return new NoAnswer(`no answer within ${limit}`, { reachable: false, resolves: true }, cause)
}

/** Something was found out before anybody was asked: the request was not sent. */
export function notSent(message: string, cause?: unknown): NoAnswer {
  return new NoAnswer(message, {}, cause)
}

function notConnected(error: NodeJS.ErrnoException, { name, where }: Whom): NoAnswer {
  const { code = '', message } = error
  if (NOT_FOUND.includes(code))
    return new NoAnswer(`there is no host "${name}", nor a service of that name`, { resolves: false }, error)
  const words = NOT_CONNECTED[code]
  if (words) return new NoAnswer(words(where), { reachable: false, resolves: true }, error)
  return new NoAnswer(`${where}: ${message}`, {}, error)
}

function notSecured(error: NodeJS.ErrnoException, { where }: Whom, { heard }: Trace): NoAnswer {
  const { code = '', message } = error
  if (CUT.includes(code))
    return heard()
      ? new NoAnswer(`${where} ended the TLS handshake`, { resolves: true }, error)
      : new NoAnswer(`cut off by ${where}`, { reachable: false, resolves: true }, error)
  if (/CERT|SIGNATURE|ALTNAME|ISSUER|SELF_SIGNED/.test(code) && !/ALERT/.test(code))
    return new NoAnswer(`the certificate of ${where} is not trusted: ${message} (${code})`, { resolves: true }, error)
  return new NoAnswer(`there is no TLS with ${where}: ${message}`, { resolves: true }, error)
}

function notAnswered(error: NodeJS.ErrnoException, { where, secure }: Whom, { stage, heard }: Trace): NoAnswer {
  const { code = '', name, message } = error
  if (CUT.includes(code)) {
    if (stage === 'answering' || heard())
      return new NoAnswer(`cut off by ${where} in the middle of its answer`, { resolves: true }, error)
    // A peer that does not accept a client certificate says so after the handshake, and often by closing.
    if (secure)
      return new NoAnswer(`${where} closed after the TLS handshake, without an answer`, { resolves: true }, error)
    return new NoAnswer(`cut off by ${where}`, { reachable: false, resolves: true }, error)
  }
  if (heard() && /^HPE_|Parser|Overflow|Assertion|RES_CONTENT_LENGTH/.test(`${code} ${name}`))
    return new NoAnswer(`what ${where} answers is not HTTP: ${message}`, { resolves: true }, error)
  if (/ALERT/.test(code)) return new NoAnswer(`${where} ended TLS: ${message}`, { resolves: true }, error)
  if (code.startsWith('UND_ERR_') && !heard()) return notSent(`the request can't be sent: ${message}`, error)
  return new NoAnswer(`${where}: ${message}`, {}, error)
}
