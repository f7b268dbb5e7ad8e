/** Makes a report again from the events of a run, of a killed one too. */
import type { Reporter, RunEvent } from '../contracts/events.ts'

/** Feeds the events to a reporter and ends it. */
export function replay(events: Iterable<RunEvent>, reporter: Reporter): void {
  for (const event of events) reporter.event(event)
  reporter.end()
}

/** The events of an `events.ndjson`. A last line that was cut off is passed over; any other that is no event throws. */
export function eventsIn(text: string): RunEvent[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const event = parse(line)
    if (event) return [event]
    if (index === lines.length - 1) return []
    throw new Error(`line ${index + 1} is no event of a run`)
  })
}

function parse(line: string): RunEvent | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'is' in value && 't' in value
      ? (value as RunEvent)
      : undefined
  } catch {
    return undefined
  }
}
