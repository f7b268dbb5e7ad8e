/** A node with a height that grows. PORT says where it listens. */
import { logger } from './log.ts'

const BLOCK_EVERY = 250
const log = logger('node')
const started = performance.now()
let height = 1_000

setInterval(() => {
  height += 1
  if (height % 20 === 0) log.info('new height', { height })
}, BLOCK_EVERY)

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env['PORT'] ?? 0),
  routes: {
    '/health': () => Response.json({ status: 'ok' }),
    '/info': () => Response.json({ height, synced: true, uptime: Math.round(performance.now() - started) }),
  },
  fetch: () => Response.json({ error: 'not found' }, { status: 404 }),
})
log.info('listening', { port: server.port ?? 0 })

process.on('SIGTERM', () => {
  log.info('stopping', { height })
  process.exit(0)
})
