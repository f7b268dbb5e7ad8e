import type { FaultKind } from '../../contracts/fault.ts'
import type { Kinds } from '../../contracts/kinds.ts'
import { faultIn, type StepParts } from '../walk.ts'

/** The fault that a step injects; undefined for any other step. */
export function faultOf(
  { kind, params }: StepParts,
  kinds: Kinds,
): { kind: FaultKind; params: unknown; options: Record<string, unknown> } | undefined {
  const schema = kinds.steps.get(kind)?.params as { 'x-slot'?: string } | undefined
  return schema?.['x-slot'] === 'fault' ? faultIn(params as object, kinds) : undefined
}

/** Services that a fault breaks, and the one that it is inside of. */
export function servicesOf(fault: {
  kind: FaultKind
  params: unknown
  options: Record<string, unknown>
}): readonly string[] {
  const inside = fault.options['in']
  return [...(fault.kind.services?.(fault.params) ?? []), ...(typeof inside === 'string' ? [inside] : [])]
}

/** Done when it is applied: it leaves nothing in. */
export function endsItself(fault: { kind: FaultKind; params: unknown; options: Record<string, unknown> }): boolean {
  return fault.kind.describe(fault.params as never, fault.options).every(({ endsBy }) => endsBy === 'itself')
}
