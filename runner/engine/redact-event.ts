import { MASK, type Redactor } from '../base/redact/redactor.ts'
import type { RunEvent } from '../contracts/events.ts'
import { freeText } from '../contracts/free-text.ts'

type Mark = string | { readonly [key: string]: Mark }

/** The event with secrets masked in its free texts; all else stays as it is. */
export function redactEvent(event: RunEvent, redactor: Redactor): RunEvent {
  return redactor.knowsAny ? (masked(event, freeText[event.is] as Mark, redactor) as RunEvent) : event
}

function masked(value: unknown, mark: Mark | undefined, redactor: Redactor): unknown {
  if (mark === undefined || mark === 'kept' || value === undefined) return value
  if (mark === 'lines') return redactor.lines(value as readonly string[])
  if (mark === 'text') return everyText(value, redactor)
  if (Array.isArray(value)) return value.map((item) => masked(item, mark, redactor))
  if (typeof value !== 'object' || value === null) return value
  return mapped(value, (item, key) => masked(item, (mark as Record<string, Mark>)[key], redactor))
}

/** The keys in a value of the plan come from its author. A number may be a secret, too. */
function everyText(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.text(value)
  if (typeof value === 'number') return redactor.text(String(value)) === String(value) ? value : MASK
  if (Array.isArray(value)) return value.map((item) => everyText(item, redactor))
  if (typeof value !== 'object' || value === null) return value
  return mapped(value, (item) => everyText(item, redactor))
}

function mapped(value: object, change: (item: unknown, key: string) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]))
}
