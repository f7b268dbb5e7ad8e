import type { Emit } from '../engine/emit.ts'
import type { Stop } from '../engine/stop.ts'

const WORDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LOOK_AT_PARENT = 250

/** Turns signals into words for the run, and takes the end of the wrapper (`bun run`, `npx`) as one: its kill does not reach us. */
export function listenForSignals(stop: Stop, emit: Emit): Disposable {
  const heard = WORDS.map((word) => {
    const listener = () => say(word, stop, emit)
    process.on(word, listener)
    return () => process.off(word, listener)
  })
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    say('SIGTERM', stop, emit)
  }, LOOK_AT_PARENT)
  timer.unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      for (const forget of heard) forget()
    },
  }
}

const MESSAGES = {
  first: 'stopping: what was changed is being put back; once more hurries the steps, never the restore',
  second: 'still putting back what was changed: this is never cut short',
} as const

function say(word: string, stop: Stop, emit: Emit): void {
  const which = stop.say(word)
  if (which !== 'same') emit({ is: 'interrupted', signal: word, message: MESSAGES[which] })
}
