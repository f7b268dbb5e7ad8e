import type { Facts, Logger } from './log.ts'

type Handler = (request: Request) => Response | Promise<Response>
type Routes = Readonly<Record<string, Handler | { readonly POST: Handler }>>

/** Serves the routes on PORT, on loopback. A port that is taken is told in one line, and ends the process. */
export function listen(log: Logger, facts: Facts, routes: Routes): { stop(): Promise<void> } {
  const port = Number(process.env['PORT'] ?? 0)
  try {
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port,
      routes,
      fetch: () => Response.json({ error: 'not found' }, { status: 404 }),
    })
    log.info('listening', { port: server.port, ...facts })
    return server
  } catch (error) {
    log.error('can not listen', { port, why: (error as Error).message })
    return process.exit(1)
  }
}
