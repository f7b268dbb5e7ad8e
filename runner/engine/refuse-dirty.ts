import { RestoreError } from '../contracts/errors.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import type { Transport } from '../contracts/transport.ts'
import { openEntries } from './journal.ts'
import { leftHere, relativeHome, targetIdentity } from './leftovers.ts'
import { isOverThere, leftThere } from './leftovers-there.ts'

/** A run on a dirty target would measure the last one's faults. Throws a RestoreError with what to type. */
export async function refuseDirty(spec: TargetSpec, transport: Transport): Promise<void> {
  const target = targetIdentity(spec, transport.address)
  const left =
    transport.folder === undefined
      ? await leftHere(spec, target)
      : (await leftThere(transport, spec.home, target)).filter(isOverThere)
  const dirty = left.find((journal) => openEntries(journal).length > 0)
  if (dirty === undefined) return
  const open = openEntries(dirty).map(({ title, step }) => `${title} (${step})`)
  throw new RestoreError(
    `target "${spec.name}" is dirty: run ${dirty.head.run} ended without putting back: ${open.join(', ')}. Type: bun run plan restore ${relativeHome(spec.home)}${transport.folder === undefined ? '' : ` --target ${spec.name}`} (with --give-up when what was changed is gone for good)`,
  )
}
