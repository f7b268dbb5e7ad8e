/** Bytes with escapes decoded, and where each of them was. */
export interface View {
  readonly bytes: Uint8Array
  /** Start of each byte in the original, and at last the original's length; undefined where nothing was decoded. */
  readonly at: Uint32Array | undefined
  /** The end of each byte in the original, where the next byte does not begin there. */
  readonly ends?: Uint32Array | undefined
}

/** The offset in the original where a byte of a view begins. */
export function startOf({ at }: View, index: number): number {
  return at === undefined ? index : (at[index] as number)
}

/** The offset in the original where a byte of a view ends. Bytes of one escape begin at the same place. */
export function endOf({ bytes, at, ends }: View, index: number): number {
  if (ends !== undefined) return ends[index] as number
  if (at === undefined) return index + 1
  let next = index + 1
  while (next < bytes.length && at[next] === at[index]) next++
  return at[next] as number
}
