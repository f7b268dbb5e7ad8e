import { type Incomplete, incomplete } from './incomplete.ts'

/**
 * Bytes as text, without a byte order mark. `charset` is a label of the WHATWG Encoding Standard (default: UTF-8, or what
 * the byte order mark says). Text that is not valid in its encoding is incomplete, and so is all of it when the
 * encoding is unknown. `cut` says why bytes are missing at the end.
 */
export function decodeText(
  bytes: Uint8Array,
  { charset, cut }: { readonly charset?: string | undefined; readonly cut?: string | undefined } = {},
): string | Incomplete {
  const label = markOf(bytes) ?? charset ?? 'utf-8'
  const decoder = decoderOf(label)
  if (!decoder) return incomplete(`the encoding "${label}" is unknown`)
  if (decoder.encoding === 'utf-8' && looksWide(bytes))
    return incomplete('its bytes look like UTF-16 or UTF-32, and nothing says so')
  // A cut may fall into the middle of a character: `stream` keeps its first bytes back.
  if (cut !== undefined) return incomplete(cut, decoder.decode(bytes, { stream: true }))
  try {
    return new TextDecoder(label as 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    return incomplete(`some of its bytes are not ${decoder.encoding.toUpperCase()}`, decoder.decode(bytes), 'inside')
  }
}

/** The text that is known, for people; never for a verdict. */
export function knownText(text: string | Incomplete): string {
  return typeof text === 'string' ? text : String(text.part ?? '')
}

/** A byte order mark wins over every label (WHATWG Encoding Standard, 6.1). */
function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : undefined
}

/** Bytes beginning so that every second one is NUL. Windows tools write such text without a mark, and it is valid UTF-8. */
function looksWide(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 64)
  if (start.length < 4 || bytes.length % 2 !== 0) return false
  const isNul = (parity: number) => start.every((byte, index) => index % 2 !== parity || byte === 0)
  return isNul(0) !== isNul(1)
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label as 'utf-8')
  } catch {
    return undefined
  }
}
