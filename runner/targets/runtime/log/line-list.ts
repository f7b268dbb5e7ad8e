import { TooCostly } from '../../../base/too-costly.ts'
import type { LogLine, LogLines } from '../../../contracts/target.ts'

/** Why a log is not known as a whole. */
export type Flaw = NonNullable<LogLines['flaw']>

/** How much of a long log is shown as JSON. */
const SHOWN = 20

/** A list of lines, with why some are missing. */
export function withFlaw(lines: LogLine[], flaw: Flaw | undefined): LogLines {
  return flaw === undefined ? lines : Object.assign(lines, { flaw })
}

export interface Part {
  /** The number of its first line. */
  readonly first: number
  readonly lines: readonly LogLine[]
}

/** How long a list may be looked at without a pause, in ms: meanwhile no heartbeat is sent, and a lease is 10 s. */
const LONGEST_LOOK = 4_000

/**
 * A list of which one part at a time is in memory. It is an array for everybody (`Array.isArray`, `some`, `for … of`), so that
 * matchers need not know; as JSON it is its last lines, since all of it may be larger than memory. Throws TooCostly when
 * it is looked at for too long.
 */
export function lazyLines(
  length: number,
  partWith: (line: number) => Part,
  flaw: Flaw | undefined,
  longest = LONGEST_LOOK,
): LogLines {
  let part: Part = { first: 0, lines: [] }
  const demandTime = timeFor(length, longest)
  const partAt = (line: number) => {
    if (line >= part.first && line < part.first + part.lines.length) return part
    demandTime()
    part = partWith(line)
    return part
  }
  const lineAt = (line: number) => {
    const { first, lines } = partAt(line)
    return lines[line - first]
  }
  function* all(): Generator<LogLine> {
    for (let line = 0; line < length; ) {
      const { first, lines } = partAt(line)
      for (let at = line - first; at < lines.length; at++) yield lines[at] as LogLine
      line = first + lines.length
    }
  }
  // The array's own asks twice for each item, through the proxy.
  const findIndex = (holds: (line: LogLine, index: number) => boolean) => {
    let index = 0
    for (const line of all()) {
      if (holds(line, index)) return index
      index++
    }
    return -1
  }
  const own = new Map<string | symbol, unknown>([
    ['length', length],
    ['flaw', flaw],
    ['toJSON', () => [`… (${length - SHOWN} earlier lines)`, ...list.slice(-SHOWN)]],
    [Symbol.iterator, all],
    ['findIndex', findIndex],
  ])
  const list: LogLines = new Proxy([] as LogLine[], {
    get: (target, key, receiver) => {
      if (own.has(key)) return own.get(key)
      const line = indexIn(key, length)
      return line === undefined ? Reflect.get(target, key, receiver) : lineAt(line)
    },
    has: (target, key) => indexIn(key, length) !== undefined || Reflect.has(target, key),
  })
  return list
}

function indexIn(key: string | symbol, length: number): number | undefined {
  const index = typeof key === 'string' ? Number(key) : Number.NaN
  return Number.isInteger(index) && index >= 0 && index < length ? index : undefined
}

/** The time begins anew whenever others have had their turn. */
function timeFor(length: number, longest: number): () => void {
  let start: number | undefined
  return () => {
    if (start === undefined) {
      start = performance.now()
      setImmediate(() => {
        start = undefined
      })
    }
    if (performance.now() - start < longest) return
    throw new TooCostly(`it has ${length} lines, and to search them takes longer than ${longest / 1_000} s`)
  }
}
