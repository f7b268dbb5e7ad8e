import type { Redactor } from '../base/redact/redactor.ts'
import { messageOf } from '../contracts/errors.ts'
import type { RunEvent, RunEventBody } from '../contracts/events.ts'
import { redactEvent } from './redact-event.ts'

export type Listener = (event: RunEvent) => void
export type Emit = (body: RunEventBody) => void

export interface Emitter {
  /** Gives an event its number and time. */
  readonly emit: Emit
  /** Hands on what waits: at the end, and when the process ends by itself. */
  flush(): void
}

/**
 * Events are handed on when the run waits for something the next time: a command runs while the one before it is reported.
 * What is about to be changed is told of before: a run that is killed there has said so. A listener that fails is told of once and left out.
 * Secrets are masked then, too: what a step captured after it had been told of is known by that time.
 */
export function emitter(
  redactor: Redactor,
  listeners: readonly Listener[],
  complain: (message: string) => void,
): Emitter {
  const start = performance.now()
  const broken = new Set<Listener>()
  const waiting: RunEvent[] = []
  let seq = 0
  const handOn = (event: RunEvent, listener: Listener) => {
    try {
      listener(event)
    } catch (error) {
      broken.add(listener)
      complain(messageOf(error))
    }
  }
  const flush = () => {
    for (const event of waiting.splice(0).map((one) => redactEvent(one, redactor)))
      for (const listener of listeners) if (!broken.has(listener)) handOn(event, listener)
  }
  return {
    emit: (body) => {
      const event = { seq: ++seq, t: Math.round(performance.now() - start), ...body }
      const first = waiting.push(event) === 1
      if (isIntent(event)) flush()
      else if (first) setImmediate(flush)
    },
    flush,
  }
}

function isIntent(event: RunEvent): boolean {
  return event.is === 'change' && event.state === 'intent'
}
