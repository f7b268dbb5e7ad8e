import { delay } from './delay.ts'
import { dns } from './dns.ts'
import { drop } from './drop.ts'
import { kill } from './kill.ts'
import { loss } from './loss.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'
import { rate } from './rate.ts'
import { reject } from './reject.ts'
import { restart } from './restart.ts'
import { run } from './run.ts'
import { stop } from './stop.ts'

/** What can be broken. */
export const faultKinds = [stop, kill, pause, restart, partition, drop, loss, delay, rate, reject, dns, run]
