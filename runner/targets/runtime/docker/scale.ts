/** More or fewer replicas of a service; the undo takes away those that came, and makes again those that went. */
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Change } from '../../../contracts/undo.ts'
import { type At, about } from './about.ts'
import { undoOfMaking } from './remake.ts'
import { onlyThese } from './scripts.ts'
import { PROJECT_LABEL, SERVICE_LABEL } from './selection.ts'

export async function scaleService(at: At, to: number, make: () => Promise<void>): Promise<Change> {
  const { group } = at
  const before = await group.lookAnew()
  const [first] = before
  if (!first) throw new CheckFailure(`${group.name} has no container to make more of`)
  const labels = [PROJECT_LABEL, SERVICE_LABEL].map((name) => `${name}=${first.Config.Labels[name]}`)
  const again = undoOfMaking(before)
  return {
    ...about(at, `runs ${to} of ${group.name}`, {
      title: `${before.length} of ${group.name} ${before.length === 1 ? 'runs' : 'run'}`,
      sh: `(\n${again.sh}\n) || exit 1\n${onlyThese(
        labels,
        before.map(({ Name }) => Name),
      )}`,
      verify: again.verify,
      keeps: again.keeps,
    }),
    apply: make,
    inEffect: async () => {
      const running = (await group.lookAnew()).filter(({ State }) => State.Running).length
      if (running !== to) return { yes: false, why: `${running} of ${group.name} are running` }
      return { yes: true, evidence: `${running} of ${group.name} are running` }
    },
  }
}
