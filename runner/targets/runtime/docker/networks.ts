/** A service off its networks: aliases and address do not survive that, so they are kept for the way back. */
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Change } from '../../../contracts/undo.ts'
import { type At, about } from './about.ts'
import { named } from './group.ts'
import type { Attachment, Inspection } from './inspection.ts'
import { connected, inTurn, reconnect } from './scripts.ts'

interface Cut {
  readonly of: Inspection
  readonly network: string
  readonly attachment: Attachment
}

export async function disconnectFrom(at: At, network: string | undefined): Promise<Change> {
  const { group } = at
  const cuts = (await group.present()).flatMap((of) => cutsOf(of, network))
  if (cuts.length === 0)
    throw new CheckFailure(
      `${group.name} is not on ${network === undefined ? 'any network' : `a network "${network}"`}`,
    )
  const names = [...new Set(cuts.map((cut) => cut.network))].join(', ')
  return {
    ...about(at, `takes ${group.name} off ${names}`, {
      title: `${group.name} is on ${names}`,
      sh: inTurn(
        cuts.map(({ of, attachment }, index) => reconnect(named(of), attachment.NetworkID, `connect-${index}`)),
      ),
      verify: inTurn(cuts.map(({ of, attachment }) => connected(named(of), attachment.NetworkID))),
      keeps: Object.fromEntries(
        cuts.map(({ of, attachment }, index) => [
          `connect-${index}`,
          Buffer.from(JSON.stringify({ Container: of.Id, EndpointConfig: endpointOf(of, attachment) })),
        ]),
      ),
    }),
    apply: async (signal) => {
      for (const { of, attachment } of cuts)
        await group.engine.bytes('POST', `/networks/${attachment.NetworkID}/disconnect`, {
          body: { Container: of.Id, Force: true },
          signal,
        })
    },
    inEffect: async () => {
      const still = (await group.look()).flatMap((of) => cutsOf(of, network))
      if (still.length > 0) return { yes: false, why: `${group.name} is still on ${still[0]?.network}` }
      return { yes: true, evidence: `${group.name} is off ${names}` }
    },
  }
}

/** A network may be named as Compose has it, without its project. */
function cutsOf(of: Inspection, network: string | undefined): Cut[] {
  const project = of.Config.Labels['com.docker.compose.project']
  return Object.entries(of.NetworkSettings.Networks)
    .filter(([name]) => network === undefined || name === network || name === `${project}_${network}`)
    .map(([name, attachment]) => ({ of, network: name, attachment }))
}

/** What the Engine takes to attach it as it was. An address that nobody chose is the Engine's to choose again. */
export function endpointOf({ Id }: Inspection, { Aliases, IPAMConfig, Links, DriverOpts }: Attachment): object {
  return {
    Aliases: (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12)),
    IPAMConfig,
    Links: Links ?? null,
    DriverOpts: DriverOpts ?? null,
  }
}
