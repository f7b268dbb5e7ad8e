/** A reporter that is loaded as a plugin and hits the run that it listens to: no hook in the product is needed for that. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter, RunEvent } from '../../runner/contracts/events.ts'
import type { Blow, Window } from './choice.ts'

const { KILL_WINDOW, KILL_BLOW, KILL_DELAY = '0', KILL_JOURNALS = '' } = process.env

export default {
  reporters: [
    { name: 'killer', summary: 'hits the run', open: (): Reporter => ({ event: listener(), end: () => undefined }) },
  ],
}

function listener(): (event: RunEvent) => void {
  let hit = false
  return (event) => {
    if (hit || !opens(event, KILL_WINDOW as Window)) return
    hit = true
    const delay = Number(KILL_DELAY)
    if (delay === 0) strike(KILL_BLOW as Blow)
    else setTimeout(() => strike(KILL_BLOW as Blow), delay)
  }
}

/** Entry 1 of a stack that the case brings up is the stack itself. */
function opens(event: RunEvent, window: Window): boolean {
  const isStep = (id: string) => event.is === 'step.started' && event.step === id
  if (window === 'stack coming up') return event.is === 'change' && event.state === 'intent'
  if (window === 'before the journal write') return isStep('steps/0')
  if (window === 'between intent and change' || window === 'between change and applied')
    return event.is === 'change' && event.state === 'intent' && event.step === 'steps/0'
  if (window === 'while waiting') return isStep('steps/1')
  if (window === 'during a restore step') return isStep('steps/2')
  return event.is === 'phase.started' && event.phase === 'restore'
}

function strike(blow: Blow): void {
  if (blow === 'guardian killed' || blow === 'both killed') for (const pid of guardians()) end(pid)
  if (blow === 'runner killed' || blow === 'both killed') end(process.pid)
  if (blow === 'wrapper killed') end(process.ppid)
  if (blow === 'runner stopped beyond its lease') process.kill(process.pid, 'SIGSTOP')
  if (blow === 'interrupted') process.kill(process.pid, 'SIGINT')
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function guardians(): number[] {
  try {
    return readdirSync(KILL_JOURNALS).flatMap((name) =>
      readFileSync(join(KILL_JOURNALS, name, 'guardians'), 'utf8')
        .split(/\s+/)
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return []
  }
}
