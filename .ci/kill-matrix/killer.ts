/** A reporter that is loaded as a plugin and hits the run that it listens to: no hook in the product is needed for that. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter, RunEvent } from '../../runner/contracts/events.ts'
import type { Blow, Window } from './choice.ts'

const { KILL_WINDOW, KILL_BLOW, KILL_DELAY = '0', KILL_JOURNALS = '', KILL_STRIKE = '', KILL_HIT = '' } = process.env

export default {
  reporters: [
    { name: 'killer', summary: 'hits the run', open: (): Reporter => ({ event: listener(), end: () => undefined }) },
  ],
}

function listener(): (event: RunEvent) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let hit = false
  const now = () => {
    if (hit) return
    hit = true
    clearTimeout(timer)
    strike(KILL_BLOW as Blow)
  }
  return (event) => {
    const delay = Number(KILL_DELAY)
    // What is quicker than the delay is hit at its end.
    if (timer !== undefined && event.is === 'case.ended') now()
    if (hit || timer !== undefined || !opens(event, KILL_WINDOW as Window)) return
    if (delay === 0) now()
    else timer = setTimeout(now, delay)
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
  writeFileSync(KILL_HIT, '')
  const both = blow === 'both killed' || blow === 'plan restore killed'
  if (blow === 'guardian killed' || both) for (const pid of guardians()) end(pid)
  if (blow === 'runner killed' || both) end(process.pid)
  if (blow === 'wrapper killed') end(process.ppid)
  if (blow === 'runner stopped beyond its lease') process.kill(process.pid, 'SIGSTOP')
  if (blow === 'interrupted') process.kill(process.pid, 'SIGINT')
  // At this very moment: the runner waits for it.
  const { PATH, HOME, DOCKER_HOST } = process.env
  // What it starts, such as a daemon, must not look like something of the trial.
  const env = { PATH, HOME, DOCKER_HOST }
  if (KILL_STRIKE !== '')
    Bun.spawnSync(['sh', '-c', KILL_STRIKE], { stdio: ['ignore', 'ignore', 'ignore'], env, cwd: '/' })
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
