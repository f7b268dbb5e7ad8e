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
      if (!change) throw new Skip(cant(name, verb), 'unavailable')
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
    const service = target.service(name)
    if (!service.verbs[verb]) return cant(name, verb)
    const why = await service.lacks?.(verb)
    if (why !== undefined) return why
  }
  return undefined
}

const WORDS: Partial<Record<keyof Verbs, string>> = {
  remove: 'be removed and made again',
  disconnect: 'be taken off its network',
  environment: 'be given another environment',
  cpu: 'be left less processor time',
  readOnly: 'have a folder made read-only',
  hold: 'have something held inside of it',
}

function cant(name: string, verb: keyof Verbs): string {
  return `${name} can't ${WORDS[verb] ?? `be made to ${verb}`} on this target`
}
