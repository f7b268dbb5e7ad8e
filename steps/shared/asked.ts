/** The questions of probes and steps, in words that a person can use: a request as HTTP has it, a command that can be pasted into a shell. */
import { exactJson } from '../../runner/base/exact-json.ts'
import { filledIn, quote } from '../../runner/contracts/command.ts'
import type { Target } from '../../runner/contracts/target.ts'
import type { HttpParams } from './http-request.ts'
import { toRequest } from './http-request.ts'
import { shownParts } from './multipart.ts'
import { detailed, type RunParams } from './run-command.ts'
import type { SqlParams } from './sql.ts'

/** `POST http://gateway/submit`, the headers and the body that the plan gives it. */
export function askedRequest(params: HttpParams, target: Target): string {
  const { method, url, headers = {}, body, in: inside } = toRequest(params, 0)
  const where = inside === undefined ? whereIs(url, target) : from(inside)
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const parts = typeof params === 'object' && params.multipart ? shownParts(params.multipart) : undefined
  const said = parts ?? body
  const content = said === undefined ? [] : ['', String(said)]
  return [`${method} ${url}${where}`, ...head, ...content].join('\n')
}

/** The command with its values in place of the variables that carry them, and what it is run with. */
export function askedCommand(params: RunParams): string {
  const { command, in: inside, shell, env = {}, stdin } = detailed(params)
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${quote(String(value))}`)
  const beside = [
    inside && `in: ${inside}`,
    shell && `shell: ${shell}`,
    pairs.length > 0 && `env: ${pairs.join(' ')}`,
    stdin !== undefined && `stdin: ${stdin}`,
  ]
  return [filledIn(command), ...beside.filter(Boolean)].join('\n')
}

/** The statement, its parameters, and whom it goes to. */
export function askedQuery({ query, values = [], service, host, file, in: inside, database, user }: SqlParams): string {
  const whom = service ?? host ?? `${file}${from(inside)}`
  const as = [database && `database ${database}`, user && `as ${user}`].filter(Boolean).join(', ')
  const parameters = values.map((value, index) => `$${index + 1} = ${exactJson(value)}`)
  return [query, ...parameters, `asked of ${whom}${as && ` (${as})`}`].join('\n')
}

/** The address behind the name of a service, for those who want to ask it themselves. */
function whereIs(url: string, target: Target): string {
  try {
    const { hostname, port: said } = new URL(url)
    if (!target.services().includes(hostname)) return ''
    const { address, port } = target.service(hostname).names()
    const at = said || port
    return address === hostname || at === undefined ? '' : ` (${hostname} is ${address}:${at})`
  } catch {
    // A bad URL and a service that is gone say so themselves.
    return ''
  }
}

function from(inside: string | undefined): string {
  return inside === undefined ? '' : ` (from inside ${inside})`
}
