import { dumpView } from './dump.ts'
import { escapes, quotedPrintable, type Rule } from './escapes.ts'
import { startOf, type View } from './view.ts'

/** Texts within texts within texts: more levels of escaping than that are not looked into. */
const MOST_LEVELS = 5

/** The bytes as they are, and with one level of escapes after the other taken away. */
export function* viewsOf(bytes: Uint8Array): Generator<View> {
  const plain: View = { bytes, at: undefined }
  yield plain
  yield* levelsOf(plain)
  const dump = dumpView(bytes)
  if (dump !== undefined) yield dump
  const printable = decoded(plain, quotedPrintable)
  if (printable === undefined) return
  yield printable
  yield* levelsOf(printable)
}

function* levelsOf(view: View): Generator<View> {
  let level: View | undefined = view
  for (let count = 0; count < MOST_LEVELS; count++) {
    level = decoded(level, escapes)
    if (level === undefined) return
    yield level
  }
}

/** The innermost text: all levels of escapes taken away. */
export function innermost(bytes: Uint8Array): Uint8Array {
  return [...levelsOf({ bytes, at: undefined })].at(-1)?.bytes ?? bytes
}

/** The text with one level of escapes decoded; undefined when there are none. An escape is never shorter than its decoded bytes. */
function decoded(view: View, rule: Rule): View | undefined {
  const { bytes } = view
  let i = rule.next(bytes, 0)
  if (i === bytes.length) return undefined
  const out = new Uint8Array(bytes.length)
  const at = new Uint32Array(bytes.length + 1)
  let [from, length, changed] = [0, 0, false]
  const copy = (end: number) => {
    out.set(bytes.subarray(from, end), length)
    for (let index = from; index < end; index++) at[length++] = startOf(view, index)
    from = end
  }
  while (i < bytes.length) {
    const found = rule.decode(bytes, i)
    if (found === undefined) {
      i = rule.next(bytes, i + 1)
      continue
    }
    copy(i)
    for (const byte of found.bytes) {
      out[length] = byte
      at[length++] = startOf(view, i)
    }
    changed = true
    from = i + found.length
    i = rule.next(bytes, from)
  }
  if (!changed) return undefined
  copy(bytes.length)
  at[length] = view.at === undefined ? bytes.length : (view.at[bytes.length] as number)
  return { bytes: out.subarray(0, length), at: at.subarray(0, length + 1) }
}
