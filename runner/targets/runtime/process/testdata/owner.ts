/** Opens a runtime, brings its stack up, says so, and waits to be killed. Arguments: folder, home, config as JSON. */
import { localTransport } from '../../../transport/local.ts'
import { processRuntime } from '../../process.ts'
import { testHost } from '../test-host.ts'

const [folder = '', home = '', config = '{}'] = process.argv.slice(2)
const runtime = await processRuntime.open(JSON.parse(config), localTransport(), testHost({ folder, home }))
const change = await runtime.up()
await change?.apply(new AbortController().signal)
for (const name of runtime.names()) console.log((await runtime.service(name).state()).pid)
console.log('up')
setInterval(() => undefined, 1_000)
