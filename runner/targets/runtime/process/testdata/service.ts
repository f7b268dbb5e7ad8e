/** Listens on PORT, logs a line a request, and ends when asked to: what the tests start as a service. */
// Before anybody can know of it: a signal that nobody listens to ends it.
process.on('SIGTERM', () => {
  console.log('told to stop')
  process.exit(0)
})
process.on('SIGHUP', () => console.log('reloaded'))
const server = Bun.serve({
  port: Number(process.env['PORT']),
  hostname: '127.0.0.1',
  fetch: (request) => {
    console.log(`asked for ${new URL(request.url).pathname}`)
    return new Response(process.env['GREETING'] ?? 'hello')
  },
})
console.log(`listening on ${server.port}`)
