/**
 * A gateway in front of a node: it polls the node, marks it down after a debounce, turns workers away meanwhile, and takes them
 * back after a hysteresis. `--config FILE` is read anew on SIGHUP. PORT and NODE_URL come from the environment.
 */
import { parseArgs } from 'node:util'
import { type Config, readConfig } from './config.ts'
import { type Answer, listen, ok, type Question } from './listen.ts'
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
    'GET /health': () => ok({ status: 'ok', node: node.up ? 'up' : 'down' }),
    'GET /api/state': () => ok(state()),
    'POST /api/submit': submit,
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

function submit({ authorization, body }: Question): Answer {
  if (authorization !== `Bearer ${config.token}`) return { status: 401, body: { error: 'wrong token' } }
  const { worker } = (body ?? {}) as { worker?: unknown }
  if (typeof worker !== 'string' || worker === '')
    return { status: 400, body: { error: 'say which worker: {"worker": NAME}' } }
  const admission = workers.admit(worker, node.up)
  if (admission.admitted) return ok({ accepted: true, height: node.height })
  return { status: 503, body: { accepted: false, why: admission.why } }
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
