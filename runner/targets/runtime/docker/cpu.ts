/** Less processor time for a service. The Engine can't take every limit back: `NanoCpus: 0` does nothing, `CpuQuota: -1` does. */
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Change } from '../../../contracts/undo.ts'
import { type At, about } from './about.ts'
import { named } from './group.ts'
import type { Inspection } from './inspection.ts'
import { type CpuLimit, cpuReset, inTurn, resetCpu } from './scripts.ts'

const PERIOD = 100_000

export async function limitCpu(at: At, cores: number): Promise<Change> {
  const { group } = at
  const all = await group.present()
  const limits = all.map((one) => [one, limitOf(one, cores)] as const)
  for (const [one, limit] of limits)
    if (limit.before > 0 && limit.before <= limit.during)
      throw new CheckFailure(`${named(one).name} has no more than that already`, { hint: 'give a smaller `to`' })
  const keeps = limits.map(
    ([, limit], index) => [`update-${index}`, Buffer.from(JSON.stringify(bodyOf(limit, limit.before)))] as const,
  )
  return {
    ...about(at, `leaves ${group.name} ${cores} of a processor core`, {
      title: `${group.name} has its processor time`,
      sh: inTurn(limits.map(([one, limit], index) => resetCpu(named(one), limit, `update-${index}`))),
      verify: inTurn(limits.map(([one, limit]) => cpuReset(named(one), limit))),
      keeps: Object.fromEntries(keeps),
    }),
    apply: async (signal) => {
      for (const [{ Id }, limit] of limits)
        await group.engine.json('POST', `/containers/${Id}/update`, { body: bodyOf(limit, limit.during), signal })
    },
    inEffect: async () => {
      const wrong = (await group.look()).find(
        (one) => Number(one.HostConfig[limitOf(one, cores).key]) !== limitOf(one, cores).during,
      )
      if (wrong) return { yes: false, why: `the limit of ${named(wrong).name} is as it was` }
      return { yes: true, evidence: `${group.name} has ${cores} of a core` }
    },
  }
}

/** The one that was given is changed: both at once are refused. */
function limitOf({ HostConfig }: Inspection, cores: number): CpuLimit {
  if (HostConfig.NanoCpus) return { key: 'NanoCpus', before: HostConfig.NanoCpus, during: Math.round(cores * 1e9) }
  return { key: 'CpuQuota', before: HostConfig.CpuQuota ?? 0, during: Math.max(1_000, Math.round(cores * PERIOD)) }
}

function bodyOf({ key }: CpuLimit, value: number): object {
  const body = key === 'NanoCpus' ? { NanoCpus: value } : { CpuPeriod: PERIOD, CpuQuota: value === 0 ? -1 : value }
  return body
}
