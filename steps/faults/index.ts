import { clock } from './clock.ts'
import { cpu } from './cpu.ts'
import { delay } from './delay.ts'
import { disconnect } from './disconnect.ts'
import { dns } from './dns.ts'
import { drop } from './drop.ts'
import { env } from './env.ts'
import { file } from './file.ts'
import { fillDisk } from './fill-disk.ts'
import { kill } from './kill.ts'
import { loss } from './loss.ts'
import { memory } from './memory.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'
import { rate } from './rate.ts'
import { readOnlyFolder } from './read-only.ts'
import { reject } from './reject.ts'
import { remove } from './remove.ts'
import { restart } from './restart.ts'
import { run } from './run.ts'
import { stop } from './stop.ts'

const life = [stop, kill, pause, restart, remove]
const network = [disconnect, partition, drop, loss, delay, rate, reject, dns]
const resources = [cpu, memory, fillDisk, readOnlyFolder, clock, env, file]

/** What can be broken. */
export const faultKinds = [...life, ...network, ...resources, run]
