import { CheckFailure } from '../../runner/contracts/errors.ts'
import type { FaultContext } from '../../runner/contracts/fault.ts'
import type { Change } from '../../runner/contracts/undo.ts'

/** A file with other bytes, as a fault of the service that it is inside of. Throws a CheckFailure where that would change nothing. */
export async function overwritten(
  path: string,
  bytes: Uint8Array,
  inside: string | undefined,
  { target }: FaultContext,
): Promise<Change> {
  const at = target.file(path, { in: inside })
  const before = await at.files.read(at.path)
  if (before && Buffer.from(before).equals(Buffer.from(bytes)))
    throw new CheckFailure(`${path} has that content already`)
  const change = await target.replaceFile(path, bytes, { in: inside })
  const touches = [...change.touches, ...(inside === undefined ? [] : [{ service: inside }])]
  return { ...change, touches, undo: change.undo && { ...change.undo, of: 'fault', touches } }
}
