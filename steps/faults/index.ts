import { kill } from './kill.ts'
import { pause } from './pause.ts'
import { restart } from './restart.ts'
import { run } from './run.ts'
import { stop } from './stop.ts'

/** What can be broken. */
export const faultKinds = [stop, kill, pause, restart, run]
