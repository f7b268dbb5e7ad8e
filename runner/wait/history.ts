import { clip } from '../base/brief.ts'
import type { HistoryEntry } from '../contracts/errors.ts'
import type { Verdict } from '../contracts/probe.ts'

const LONGEST = 50
const WIDEST = 300

/** How a value changed while it was waited for: distinct readings in a row, with counts. */
export class History {
  readonly #entries: { t: number; says: string; times: number }[] = []

  get entries(): readonly HistoryEntry[] {
    return this.#entries
  }

  add(t: number, verdict: Verdict): void {
    const says = inShort(valuesIn(verdict))
    const last = this.#entries.at(-1)
    if (last?.says === says) last.times++
    else this.#entries.push({ t: Math.round(t), says, times: 1 })
    // The first reading and the latest ones tell the story.
    if (this.#entries.length > LONGEST) this.#entries.splice(1, 1)
  }
}

/** A verdict in the words of a failure: `$.node is "up", expected "down"`. */
export function saysOf(verdict: Verdict): string {
  if (verdict.is === 'untaken') return verdict.why
  if (verdict.is === 'holds') return verdict.readings.map(({ says }) => says).join('; ')
  return verdict.misses.map((miss) => `${miss.path} is ${miss.actual}, expected ${miss.expected}`).join('; ')
}

/** The same without what was expected, which does not change. */
function valuesIn(verdict: Verdict): string {
  if (verdict.is === 'holds') return `as expected: ${saysOf(verdict)}`
  if (verdict.is === 'untaken') return verdict.why
  return verdict.misses.map((miss) => `${miss.path} is ${miss.actual}`).join('; ')
}

function inShort(text: string): string {
  return clip(text, WIDEST)
}
