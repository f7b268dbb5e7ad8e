/** HTTP by `node:http`, so that the same files run in Bun here and in Debian's Node in a container. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Facts, Logger } from './log.ts'

export interface Question {
  readonly authorization: string | undefined
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown
}
export interface Answer {
  readonly status: number
  readonly body: unknown
}
/** By method and path: `GET /health`. */
type Routes = Readonly<Record<string, (question: Question) => Answer>>

/** Serves the routes on PORT, on HOST (loopback by default). A port that is taken is told in one line, and ends the process. */
export function listen(log: Logger, facts: Facts, routes: Routes): { stop(): Promise<void> } {
  const port = Number(process.env['PORT'] ?? 0)
  const server = createServer((request, response) => void answer(routes, request, response))
  server.on('error', (error) => {
    log.error('can not listen', { port, why: error.message })
    process.exit(1)
  })
  server.listen(port, process.env['HOST'] ?? '127.0.0.1', () =>
    log.info('listening', { port: (server.address() as AddressInfo).port, ...facts }),
  )
  return {
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeIdleConnections()
      }),
  }
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path] = (request.url ?? '').split('?')
  const body = await jsonOf(request)
  const route = routes[`${request.method} ${path}`]
  const { status, body: said } = route?.({ authorization: request.headers.authorization, body }) ?? notFound
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said))
}

const notFound: Answer = { status: 404, body: { error: 'not found' } }

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  try {
    for await (const chunk of request) text += chunk
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}
