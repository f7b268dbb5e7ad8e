/** What faults of the network have in common: a rule on the packets of each service. */
import { familyOf } from '../../runner/contracts/address.ts'
import { type Finding, Skip } from '../../runner/contracts/errors.ts'
import type { FaultContext } from '../../runner/contracts/fault.ts'
import type { Place } from '../../runner/contracts/source.ts'
import type { CheckContext } from '../../runner/contracts/step.ts'
import { MACHINE, type NetworkRule } from '../../runner/contracts/target.ts'
import type { Account, Change } from '../../runner/contracts/undo.ts'

const ENDS = 'its lease, 10s after the runner is gone'

/** For `show`. */
export function networkAccount(does: string): Account {
  return { does, undo: 'its rules are taken away', endsBy: ENDS }
}

/** The rule at each of the services. Throws a Skip where the runtime can't. */
export function shaped(
  names: readonly string[],
  rule: (name: string) => NetworkRule,
  { target }: FaultContext,
): Promise<readonly Change[]> {
  return Promise.all(
    names.map((name) => {
      const change = target.service(name).verbs.network?.(rule(name))
      if (!change) throw new Skip(noNetwork(name), 'unavailable')
      return change
    }),
  )
}

/** Why the target can't, told before anything is changed. Computed names are left to run time. */
export async function lacksNetwork(
  names: readonly string[],
  rule: NetworkRule,
  { target }: FaultContext,
): Promise<string | undefined> {
  for (const name of names) {
    if (name.includes('${{')) continue
    const service = target.service(name)
    if (!service.verbs.network) return noNetwork(name)
    const why = await service.lacks?.('network', rule)
    if (why !== undefined) return why
  }
  return undefined
}

/** Only the machine itself can be cut off from addresses, and it is the only one on its side. */
export function* misplaced(
  groups: readonly (readonly string[])[],
  place: Place,
  finding: CheckContext['finding'],
): Generator<Finding> {
  const all = groups.flat()
  const address = all.find(isPlainAddress)
  if (address === undefined && !all.includes(MACHINE)) return
  const own = groups.find((group) => group.includes(MACHINE))
  if (own?.length === 1 && groups.length === 2) return
  const message =
    own === undefined
      ? `"${address}" is an address, and only \`${MACHINE}\` can be cut off from addresses`
      : `\`${MACHINE}\` stands with others, and is a side of its own`
  yield finding(place, 'one-machine', message, `write \`${MACHINE}\` on one side, and all others on the other`)
}

/** What of these is a service, or the machine. */
export function withoutAddresses(names: readonly string[]): readonly string[] {
  return names.filter((name) => !isPlainAddress(name))
}

/** In digits: a service may be called `a.b`, and is then no address. */
function isPlainAddress(name: string): boolean {
  return familyOf(name) !== undefined
}

function noNetwork(name: string): string {
  return `${name} has no network of its own on this target, so packets can't be told apart`
}
