/** A worker that submits work to the gateway. GATEWAY_URL and WORKER come from the environment, the token from `--env FILE`. */
import { parseArgs } from 'node:util'
import { readToken } from './config.ts'
import { logger } from './log.ts'

const SUBMIT_EVERY = 100
const TIMEOUT = 1_000
const name = process.env['WORKER'] ?? 'worker'
const gateway = process.env['GATEWAY_URL'] ?? ''
const log = logger(name)
const { values } = parseArgs({ options: { env: { type: 'string', default: '.env' } } })
const token = readToken(values.env)
let last = ''

process.on('SIGTERM', () => {
  log.info('stopping')
  process.exit(0)
})
log.info('submitting', { to: gateway })

for (;;) {
  const outcome = await submit()
  if (outcome !== last) (outcome === 'admitted' ? log.info : log.warn)(outcome)
  last = outcome
  await new Promise((next) => setTimeout(next, SUBMIT_EVERY))
}

async function submit(): Promise<string> {
  try {
    const response = await fetch(`${gateway}/api/submit`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ worker: name }),
      signal: AbortSignal.timeout(TIMEOUT),
    })
    const { why, error } = (await response.json()) as { why?: string; error?: string }
    return response.ok ? 'admitted' : `turned away: ${response.status} ${why ?? error}`
  } catch (error) {
    return `no answer: ${(error as Error).name}`
  }
}
