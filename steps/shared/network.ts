/** What faults of the network have in common: a rule on the packets of each service. */
import { Skip } from '../../runner/contracts/errors.ts'
import type { FaultContext } from '../../runner/contracts/fault.ts'
import type { NetworkRule } from '../../runner/contracts/target.ts'
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

function noNetwork(name: string): string {
  return `${name} has no network of its own on this target, so packets can't be told apart`
}
