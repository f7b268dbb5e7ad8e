/**
 * A gateway in front of a node: it polls the node, marks it down after a debounce, turns workers away meanwhile, and takes them
 * back after a hysteresis. `--config FILE` is read anew on SIGHUP. PORT and NODE_URL come from the environment.
 */
import { parseArgs } from 'node:util'
import { type Config, readConfig } from './config.ts'
import { logger } from './log.ts'

const log = logger('gateway')
const { values } = parseArgs({ options: { config: { type: 'string', default: 'config.json' } } })
const nodeUrl = process.env['NODE_URL'] ?? ''

let config = load() ?? process.exit(1)
const node = { up: false, height: 0, good: 0, bad: 0 }
const workers = new Map<string, { admitted: boolean; seen: number }>()
let turnedAway = 0

void poll()

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env['PORT'] ?? 0),
  routes: {
    '/health': () => Response.json({ status: 'ok', node: node.up ? 'up' : 'down' }),
    '/api/state': () => Response.json(state()),
    '/api/submit': { POST: (request) => submit(request) },
  },
  fetch: () => Response.json({ error: 'not found' }, { status: 404 }),
})
log.info('listening', { port: server.port ?? 0, node: nodeUrl })

process.on('SIGHUP', () => {
  const next = load()
  if (next) {
    config = next
    log.info('reloaded', settings(config))
  }
})
process.on('SIGTERM', () => {
  log.info('stopping', { workers: workers.size })
  process.exit(0)
})

/** A configuration that can't be used changes nothing. */
function load(): Config | undefined {
  try {
    return readConfig(values.config)
  } catch (error) {
    log.error('config rejected', { file: values.config, why: (error as Error).message })
    return undefined
  }
}

async function poll(): Promise<void> {
  const height = await askNode()
  if (height === undefined) [node.good, node.bad] = [0, node.bad + 1]
  else [node.good, node.bad, node.height] = [node.good + 1, 0, height]
  if (node.up && node.bad >= config.downAfter) mark(false)
  if (!node.up && node.good >= config.upAfter) mark(true)
  setTimeout(poll, config.pollMs)
}

async function askNode(): Promise<number | undefined> {
  try {
    const response = await fetch(`${nodeUrl}/info`, { signal: AbortSignal.timeout(config.timeoutMs) })
    return ((await response.json()) as { height: number }).height
  } catch (error) {
    if (node.up) log.warn('node does not answer', { in_a_row: node.bad + 1, why: (error as Error).name })
    return undefined
  }
}

function mark(up: boolean): void {
  node.up = up
  if (up) log.info('node is up', { height: node.height })
  else log.warn('node is down: workers are turned away', { height: node.height })
  if (!up) for (const worker of workers.values()) worker.admitted = false
}

async function submit(request: Request): Promise<Response> {
  if (request.headers.get('authorization') !== `Bearer ${config.token}`)
    return Response.json({ error: 'wrong token' }, { status: 401 })
  const { worker } = (await request.json()) as { worker: string }
  const known = workers.get(worker)
  const full = admitted() - (known?.admitted ? 1 : 0) >= config.workers.limit
  const admit = node.up && !full
  if (known?.admitted !== admit)
    log.info(admit ? 'worker admitted' : 'worker turned away', { worker, node: node.up ? 'up' : 'down', full })
  workers.set(worker, { admitted: admit, seen: Date.now() })
  if (admit) return Response.json({ accepted: true, height: node.height })
  turnedAway += 1
  return Response.json({ accepted: false, why: node.up ? 'full' : 'node is down' }, { status: 503 })
}

function admitted(): number {
  return [...workers.values()].filter((worker) => worker.admitted).length
}

function state() {
  return {
    node: node.up ? 'up' : 'down',
    height: node.height,
    workers: { admitted: admitted(), known: workers.size, turnedAway },
    config: settings(config),
  }
}

/** What may be shown of the configuration: everything but the token. */
function settings({ token: _token, ...shown }: Config) {
  return shown
}
