/** The last log lines of the services that a failed check was about, and what their health checks said. */
import { knownText } from '../base/decode.ts'
import { messageOf, type Output, type ServiceLines } from '../contracts/errors.ts'
import { healthCheckOutput } from '../contracts/health-check.ts'
import type { Runtime } from '../contracts/target.ts'
import { withinTime } from './deadline.ts'

const LAST_LINES = 10
/** A check of a list of services names the first ones. */
const MOST_SERVICES = 3
/** The most that a hanging daemon may delay the report of a failure. In ms. */
const WITHIN = 5_000

export interface LastWords {
  readonly logs: readonly ServiceLines[]
  readonly healthChecks: readonly Output[]
}

export async function lastWordsOf(names: Iterable<string>, runtime: Runtime): Promise<LastWords> {
  const known = new Set(runtime.names())
  const asked = [...new Set(names)].filter((name) => known.has(name)).slice(0, MOST_SERVICES)
  const [logs, checks] = await Promise.all([
    Promise.all(asked.map(async (name) => ({ service: name, lines: await linesOf(name, runtime) }))),
    Promise.all(asked.map((name) => healthCheckOf(name, runtime))),
  ])
  return { logs, healthChecks: checks.flatMap((one) => one ?? []) }
}

async function linesOf(name: string, runtime: Runtime): Promise<readonly string[]> {
  try {
    const lines = await withinTime(runtime.service(name).logs({ last: LAST_LINES }), WITHIN)
    return lines?.map(knownText) ?? ['(the log could not be read in time)']
  } catch (error) {
    return [`(no log: ${messageOf(error)})`]
  }
}

/** Only failing health checks: the output of one that succeeds explains nothing. */
async function healthCheckOf(name: string, runtime: Runtime): Promise<Output | undefined> {
  try {
    const state = await withinTime(runtime.service(name).state(), WITHIN)
    return state && healthCheckOutput(name, state)
  } catch {
    return undefined
  }
}
