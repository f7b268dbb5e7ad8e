/** The lines of a .env file, with the places of their values: for errors in a line, and for edits that keep the rest. */

export interface EnvEntry {
  readonly key: string
  /** Offset of its line, and that after its last line, with the line's end. */
  readonly start: number
  readonly end: number
  /** Offsets of the value, with its quotes. */
  readonly value: readonly [start: number, end: number]
  readonly quote: string
}

export interface EnvLines {
  readonly entries: readonly EnvEntry[]
  /** Offset of the first line that is not `KEY=value`, and the error in it. */
  readonly fault?: { readonly at: number; readonly why: string } | undefined
}

const BLANK = /[^\S\r\n]*(?:#[^\r\n]*)?(?:\r?\n|$)/y
/** A name alone takes its value from the environment, where the reader of the file does that. */
const NAME_ALONE = /[^\S\r\n]*(?:export[^\S\r\n]+)?[A-Za-z_][\w.-]*[^\S\r\n]*(?:\r?\n|$)/y
const KEY = /[^\S\r\n]*(?:export[^\S\r\n]+)?([\w.-]+)(?:[^\S\r\n]*=[^\S\r\n]*|:[^\S\r\n]+)/y
const QUOTED = /'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`/y
const PLAIN = /[^#\r\n]*/y

export function envLines(text: string): EnvLines {
  const entries: EnvEntry[] = []
  for (let at = 0; at < text.length; ) {
    const passed = matched(BLANK, text, at) ?? matched(NAME_ALONE, text, at)
    const entry = passed === undefined ? entryAt(text, at) : undefined
    if (typeof entry === 'string') return { entries, fault: { at, why: entry } }
    if (entry) entries.push(entry)
    at = entry?.end ?? at + (passed?.[0].length || 1)
  }
  return { entries }
}

/** A text says why there is none. */
function entryAt(text: string, start: number): EnvEntry | string {
  const head = matched(KEY, text, start)
  if (!head) return 'it is not KEY=value'
  const from = start + head[0].length
  const quoted = matched(QUOTED, text, from)?.[0]
  const rest = quoted && matched(BLANK, text, from + quoted.length)
  if (quoted && rest) {
    const to = from + quoted.length
    return { key: head[1] ?? '', start, end: to + rest[0].length, value: [from, to], quote: quoted[0] ?? '' }
  }
  const first = text[from] ?? ''
  if (!quoted && `'"\``.includes(first) && first !== '') return `the quote ${first} is not closed`
  const to = from + (matched(PLAIN, text, from)?.[0] ?? '').trimEnd().length
  return { key: head[1] ?? '', start, end: endOfLine(text, to), value: [from, to], quote: '' }
}

/** Behind the end of the line that `at` is in. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | null | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
