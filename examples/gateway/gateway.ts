/**
 * A gateway in front of a node: it polls the node, marks it down after a debounce, turns workers away meanwhile, and takes them
 * back after a hysteresis. `--config FILE` is read anew on SIGHUP. PORT and NODE_URL come from the environment.
 */
import { parseArgs } from 'node:util'
import { type Config, readConfig } from './config.ts'
import { listen } from './listen.ts'
import { logger } from './log.ts'
import { watchNode } from './node-watch.ts'
import { Workers } from './workers.ts'

const log = logger('gateway')
const { values } = parseArgs({ options: { config: { type: 'string', default: 'config.json' } } })
const nodeUrl = process.env['NODE_URL'] ?? ''
const started = performance.now()

let config = load() ?? process.exit(1)
const workers = new Workers(() => config, log)
const node = watchNode(
  nodeUrl,
  () => config,
  log,
  (up) => {
    if (!up) workers.turnAllAway()
  },
)

// Before anybody can know of this process: a SIGHUP that nobody listens to ends it.
process.on('SIGHUP', () => {
  const next = load()
  if (!next) return
  config = next
  log.info('reloaded', settings(config))
})

const server = listen(
  log,
  { node: nodeUrl },
  {
    '/health': () => Response.json({ status: 'ok', node: node.up ? 'up' : 'down' }),
    '/api/state': () => Response.json(state()),
    '/api/submit': { POST: submit },
  },
)
process.on('SIGTERM', async () => {
  log.info('stopping', { workers: workers.state().admitted })
  await server.stop()
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

async function submit(request: Request): Promise<Response> {
  if (request.headers.get('authorization') !== `Bearer ${config.token}`)
    return Response.json({ error: 'wrong token' }, { status: 401 })
  const { worker } = ((await request.json().catch(() => undefined)) ?? {}) as { worker?: unknown }
  if (typeof worker !== 'string' || worker === '')
    return Response.json({ error: 'say which worker: {"worker": NAME}' }, { status: 400 })
  const admission = workers.admit(worker, node.up)
  if (admission.admitted) return Response.json({ accepted: true, height: node.height })
  return Response.json({ accepted: false, why: admission.why }, { status: 503 })
}

function state() {
  return {
    node: node.up ? 'up' : 'down',
    height: node.height,
    workers: workers.state(),
    config: settings(config),
    uptime: Math.round(performance.now() - started),
  }
}

/** What may be shown of the configuration: everything but the token. */
function settings({ token: _token, ...shown }: Config) {
  return shown
}
