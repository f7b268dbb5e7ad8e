/** Services that the target does not have. */

import { isAddress } from '../../contracts/address.ts'
import type { Finding } from '../../contracts/errors.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import { withCondition } from '../../contracts/params.ts'
import type { Case } from '../../contracts/plan.ts'
import { type Place, placeAt, placeOf } from '../../contracts/source.ts'
import { didYouMean, nearest } from '../../contracts/suggest.ts'
import { MACHINE } from '../../contracts/target.ts'
import { wrong } from '../schema-errors.ts'
import type { Standing } from '../standing.ts'
import { type Part, parts } from '../walk.ts'

/** Where services are declared, an unknown one is found before anything runs. */
export function checkServices(kase: Omit<Case, 'id'>, kinds: Kinds, steps: readonly Standing[]): Finding[] {
  const { services, portless = [], name } = kase.target
  if (services === undefined) return []
  return [...piecesOf(kase, kinds, steps)].flatMap((part) => [
    ...checkPiece(part, services, name),
    ...checkPort(part, portless),
  ])
}

function* piecesOf({ plan }: Omit<Case, 'id'>, kinds: Kinds, steps: readonly Standing[]): Generator<Part> {
  for (const step of steps) yield* parts(step.known?.params, step.params, placeAt(step.place, step.kind), kinds)
  for (const key of ['requires', 'baseline'] as const)
    for (const [index, plain] of plan[key].entries())
      yield* parts(withCondition({}), plain, placeOf(plain) ?? placeAt(plan.place, key, index), kinds)
}

/** `agent[2]` is one of several: how many there are, only the target knows. */
const REPLICA = /\[\d+\]$/

function checkPiece({ is, value, place }: Part, services: readonly string[], target: string): Finding[] {
  if (typeof value !== 'string' || value.includes('${{')) return []
  if (NAMED.some((one) => one === is) && !isKnown(value, is, services)) {
    const there = services.length === 0 ? 'it has none' : didYouMean(value, services)
    return [wrong(place, 'unknown-service', `target "${target}" has no service "${value}"; ${there}`)]
  }
  return is === 'url' ? doubtfulHost(value, place, services) : []
}

const NAMED = ['service', 'subject', 'peer'] as const

function isKnown(value: string, is: Part['is'], services: readonly string[]): boolean {
  if (services.includes(value) || services.includes(value.replace(REPLICA, ''))) return true
  return is !== 'service' && (value === MACHINE || (is === 'peer' && isAddress(value)))
}

/** The port of a service may be left out where it has one. */
function checkPort({ is, value, place }: Part, portless: readonly string[]): Finding[] {
  if (is !== 'url' || typeof value !== 'string') return []
  const [whole = '', scheme = '', host = ''] = /^(https?:\/\/)([\w.-]+)(?=[/?#]|$)/i.exec(value) ?? []
  if (!portless.includes(host)) return []
  const span = [scheme.length, whole.length] as const
  const message = `service "${host}" has no port, so the address needs one`
  return [
    wrong({ ...place, span }, 'no-port', message, `write ${scheme}${host}:PORT, or \`port:\` for it in targets.yaml`),
  ]
}

/** A host that is no service may be any address as seen from the target; one that is nearly a service is a slip. */
function doubtfulHost(url: string, place: Place, services: readonly string[]): Finding[] {
  const [whole, scheme = '', host = ''] = /^(\w+:\/\/)([\w-]+)(?=[:/?#]|$)/.exec(url) ?? []
  if (whole === undefined || services.includes(host) || host === 'localhost' || /^\d+$/.test(host)) return []
  const near = nearest(host, services)
  if (near === undefined) return []
  const span = [scheme.length, whole.length] as const
  const message = `no service is called "${host}"; did you mean "${near}"?`
  return [{ ...wrong({ ...place, span }, 'doubtful-host', message), level: 'warning' }]
}
