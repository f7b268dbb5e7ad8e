/** A node with a height that grows. PORT says where it listens. */
import { listen, ok } from './listen.ts'
import { logger } from './log.ts'

const BLOCK_EVERY = 250
const log = logger('node')
const started = performance.now()
let height = 1_000

setInterval(() => {
  height += 1
  if (height % 20 === 0) log.info('new height', { height })
}, BLOCK_EVERY)

const server = listen(
  log,
  { height },
  {
    'GET /health': () => ok({ status: 'ok' }),
    'GET /info': () => ok({ height, synced: true, uptime: Math.round(performance.now() - started) }),
  },
)

process.on('SIGTERM', async () => {
  log.info('stopping', { height })
  await server.stop()
  process.exit(0)
})
