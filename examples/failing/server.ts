/** A small server that the failing examples break. */
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env['PORT'] ?? 0),
  routes: {
    '/health': () => Response.json({ ok: true }),
    '/state': () => Response.json({ node: 'up', workers: { admitted: 2, names: ['a', 'b'] }, version: '1' }),
    '/text': () => new Response('hello, this is no JSON'),
    '/exit': () => {
      console.log('told to exit')
      setTimeout(() => process.exit(3), 300)
      return new Response('bye')
    },
    '/token': (request) => {
      console.log(`somebody asked with ${request.headers.get('authorization')}`)
      return Response.json({ node: 'up' })
    },
  },
  fetch: () => new Response('not found', { status: 404 }),
})
console.log(`listening on ${server.port === undefined ? 'nothing' : 'its port'}`)
