import { describe, expect, test } from 'bun:test'
import type { Shown } from '../../contracts/no-answer.ts'
import { noAnswer, tooLate, whomAt } from './no-answer.ts'
import { BadCertificate } from './secure.ts'
import { type Stage, Trace } from './trace.ts'

const at = (stage: Stage, heard = false) => {
  const trace = new Trace()
  trace.enter(stage, () => heard)
  return trace
}
const error = (code: string, message = code) => Object.assign(new Error(message), { code })
const plain = whomAt('node', { host: '10.0.0.7', port: 80 })
const secure = whomAt('node', { host: '10.0.0.7', port: 443 }, true)

const refused: Shown = { reachable: false, resolves: true }
const begun: Shown = { resolves: true }
const unresolved: Shown = { resolves: false }

describe('a failure shows', () => {
  const cases: readonly [what: string, cause: unknown, trace: Trace, whom: typeof plain, shows: Shown][] = [
    ['refused', error('ECONNREFUSED'), at('connecting'), plain, refused],
    ['reset while connecting', error('ECONNRESET'), at('connecting'), plain, refused],
    ['no route', error('EHOSTUNREACH'), at('connecting'), plain, refused],
    ['the kernel gave up', error('ETIMEDOUT'), at('connecting'), plain, refused],
    ['the name does not resolve', error('ENOTFOUND'), at('resolving'), plain, unresolved],
    ['the name server does not answer', error('EAI_AGAIN'), at('resolving'), plain, unresolved],
    ['a socket that may not be used', error('EACCES'), at('connecting'), plain, {}],
    ['an error without a code', new Error('what?'), at('connecting'), plain, {}],
    ['a bad ca', new BadCertificate('`ca` is not PEM text'), at('locating'), secure, {}],
    ['cut in the handshake, nothing said', error('ECONNRESET'), at('securing'), secure, refused],
    ['cut in the handshake, something said', error('ECONNRESET'), at('securing', true), secure, begun],
    ['an untrusted certificate', error('DEPTH_ZERO_SELF_SIGNED_CERT'), at('securing', true), secure, begun],
    ['another name', error('ERR_TLS_CERT_ALTNAME_INVALID'), at('securing', true), secure, begun],
    ['no TLS there', error('ERR_SSL_WRONG_VERSION_NUMBER'), at('securing', true), secure, begun],
    ['cut before an answer', error('ECONNRESET'), at('asking'), plain, refused],
    ['closed before an answer', error('UND_ERR_SOCKET'), at('asking'), plain, refused],
    ['closed after a handshake: a client certificate', error('UND_ERR_SOCKET'), at('asking'), secure, begun],
    ['cut in the middle of the head', error('ECONNRESET'), at('asking', true), plain, begun],
    ['cut in the body', error('UND_ERR_SOCKET'), at('answering', true), plain, begun],
    ['not HTTP', error('HPE_INVALID_CONSTANT'), at('asking', true), plain, begun],
    ['never sent', error('UND_ERR_INVALID_ARG'), at('asking'), plain, {}],
  ]
  for (const [what, cause, trace, whom, shows] of cases)
    test(`${what}: ${JSON.stringify(shows)}`, () => {
      const failed = noAnswer(cause, whom, trace)
      expect(failed.shows).toEqual(shows)
      expect(failed.message).not.toBe('')
    })
})

describe('a time limit shows, by how far it came', () => {
  const cases: readonly [stage: Stage, heard: boolean, shows: Shown, says: string][] = [
    ['locating', false, {}, 'the way to 10.0.0.7:80 was not open within 1s'],
    ['resolving', false, unresolved, 'the name "node" did not resolve within 1s'],
    ['connecting', false, refused, 'no answer within 1s'],
    ['securing', false, refused, 'no answer within 1s'],
    ['securing', true, begun, 'the TLS handshake with 10.0.0.7:80 did not end within 1s'],
    ['asking', false, refused, 'no answer within 1s'],
    ['asking', true, begun, 'the answer did not end within 1s'],
    ['answering', true, begun, 'the answer did not end within 1s'],
  ]
  for (const [stage, heard, shows, says] of cases)
    test(`${stage}${heard ? ', something heard' : ''}: ${JSON.stringify(shows)}`, () => {
      const failed = tooLate(1_000, plain, at(stage, heard))
      expect([failed.shows, failed.message]).toEqual([shows, says])
    })
})
