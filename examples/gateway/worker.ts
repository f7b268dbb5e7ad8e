/** A worker that submits work to the gateway. GATEWAY_URL and WORKER come from the environment, the token from `--env FILE`. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'dotenv'
import { logger } from './log.ts'

const SUBMIT_EVERY = 100
const name = process.env['WORKER'] ?? 'worker'
const log = logger(name)
const { values } = parseArgs({ options: { env: { type: 'string', default: '.env' } } })
const token = parse(readFileSync(values.env))['GATEWAY_TOKEN'] ?? ''
let last = ''

process.on('SIGTERM', () => process.exit(0))
log.info('submitting', { to: process.env['GATEWAY_URL'] ?? '' })

for (;;) {
  const outcome = await submit()
  if (outcome !== last) log.info(outcome)
  last = outcome
  await new Promise((next) => setTimeout(next, SUBMIT_EVERY))
}

async function submit(): Promise<string> {
  try {
    const response = await fetch(`${process.env['GATEWAY_URL']}/api/submit`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ worker: name }),
      signal: AbortSignal.timeout(1_000),
    })
    return response.ok ? 'admitted' : `turned away: ${response.status}`
  } catch (error) {
    return `no answer: ${(error as Error).name}`
  }
}
