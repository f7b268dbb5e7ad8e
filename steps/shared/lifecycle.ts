/** What faults of a service's life have in common: one verb of its runtime. */
import { Skip } from '../../runner/contracts/errors.ts'
import type { FaultContext } from '../../runner/contracts/fault.ts'
import type { Service, Verbs } from '../../runner/contracts/target.ts'
import type { Change } from '../../runner/contracts/undo.ts'

/** One service or several, as a list. */
export function namesOf(params: unknown): readonly string[] {
  if (typeof params === 'string') return [params]
  return Array.isArray(params) ? params.map(String) : []
}

/** The change that a verb makes, for each service. Throws a Skip where the runtime can't. */
export function changesBy(
  params: unknown,
  verb: keyof Verbs,
  { target }: FaultContext,
  make: (verbs: Partial<Verbs>, service: Service) => Promise<Change> | undefined,
): Promise<readonly Change[]> {
  return Promise.all(
    namesOf(params).map((name) => {
      const service = target.service(name)
      const change = make(service.verbs, service)
      if (!change) throw new Skip(`${name} can't be made to ${verb} on this target`, 'unavailable')
      return change
    }),
  )
}

/** Why the target can't, told before anything is changed. Computed names are left to run time. */
export async function lacksVerb(
  params: unknown,
  verb: keyof Verbs,
  { target }: FaultContext,
): Promise<string | undefined> {
  for (const name of namesOf(params)) {
    if (name.includes('${{')) continue
    if (!target.service(name).verbs[verb]) return `${name} can't be made to ${verb} on this target`
  }
  return undefined
}
