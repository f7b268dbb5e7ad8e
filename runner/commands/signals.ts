import type { Emit } from '../engine/emit.ts'
import type { Stop } from '../engine/stop.ts'

const WORDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LOOK_AT_PARENT = 250

/** What people are told at the first word, and at each later one. */
export interface Words {
  first(): string
  second(): string
}

/** Turns signals into words for the run, and takes the end of the wrapper (`bun run`, `npx`) as one: its kill does not reach us. */
export function listenForSignals(stop: Stop, emit: Emit, words: Words): Disposable {
  const heard = WORDS.map((word) => {
    const listener = () => say(word, stop, emit, words)
    process.on(word, listener)
    return () => process.off(word, listener)
  })
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    say('SIGTERM', stop, emit, words)
  }, LOOK_AT_PARENT)
  timer.unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      for (const forget of heard) forget()
    },
  }
}

function say(word: string, stop: Stop, emit: Emit, words: Words): void {
  const which = stop.say(word)
  if (which !== 'same') emit({ is: 'interrupted', signal: word, message: words[which]() })
}
