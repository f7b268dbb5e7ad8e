import type { Address } from '../../contracts/transport.ts'
import { formatDuration } from '../../contracts/units.ts'

/** Why there was no answer, for people. It keeps the `code` of the error it stands for. */
export class NoAnswer extends Error {
  readonly code: string | undefined
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code
  }
}

export function noAnswer(cause: unknown, url: URL, to: Address | undefined): NoAnswer {
  return new NoAnswer(wordsOf(cause as NodeJS.ErrnoException, url, addressOf(url, to)), cause)
}

/** `begun`: the head had come, the body had not ended. */
export function tooLate(timeout: number, begun: boolean): NoAnswer {
  const limit = formatDuration(timeout)
  const cause = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
  return new NoAnswer(begun ? `the answer did not end within ${limit}` : `no answer within ${limit}`, cause)
}

function wordsOf({ name, code = '', message }: NodeJS.ErrnoException, url: URL, address: string): string {
  if (code === 'ECONNREFUSED') return `refused by ${address}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `there is no host "${url.hostname}", nor a service of that name`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return `there is no way to ${address}`
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return `cut off by ${address}`
  if (name === 'HTTPParserError') return `what ${address} answers is not HTTP: ${message}`
  if (url.protocol === 'https:' && /CERT|SIGNATURE|ALTNAME|ISSUER|SELF_SIGNED/.test(code))
    return `the certificate of ${address} is not trusted: ${message} (${code})`
  return `${address}: ${message}`
}

function addressOf({ hostname, port, protocol }: URL, to: Address | undefined): string {
  if (to) return 'path' in to ? to.path : `${to.host}:${to.port}`
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
}
