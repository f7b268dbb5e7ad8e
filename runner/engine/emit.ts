import { messageOf } from '../contracts/errors.ts'
import type { RunEvent, RunEventBody } from '../contracts/events.ts'
import type { Redactor } from './redact.ts'

export type Listener = (event: RunEvent) => void
export type Emit = (body: RunEventBody) => void

/** Gives each event its number and time, takes the secrets out, and hands it on. A listener that fails is told of once and left out. */
export function emitter(redactor: Redactor, listeners: readonly Listener[], complain: (message: string) => void): Emit {
  const start = performance.now()
  const broken = new Set<Listener>()
  let seq = 0
  return (body) => {
    const event = redactor.value({ seq: ++seq, t: Math.round(performance.now() - start), ...body }) as RunEvent
    for (const listener of listeners) {
      if (broken.has(listener)) continue
      try {
        listener(event)
      } catch (error) {
        broken.add(listener)
        complain(messageOf(error))
      }
    }
  }
}
