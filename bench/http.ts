/** What an assertion costs beside the request it makes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fastest } from './measure.ts'
import type { Row } from './row.ts'
import { readingOf } from './steps.ts'

const ASSERTS = 1_000

export async function* httpAsserts(cli: string, folder: string): AsyncGenerator<Row> {
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up: true }) })
  const url = `http://127.0.0.1:${server.port}/`
  const step = `  - assert-jsonpath: { http: "${url}", expect: { $.up: true } }\n`
  writeFileSync(join(folder, 'http.yaml'), `plan: Http\nsteps:\n${step.repeat(ASSERTS)}`)
  const ours = await fastest(['bun', '--no-env-file', cli, 'http.yaml', '--quiet'], { cwd: folder, runs: 3 })
  const loop = join(import.meta.dir, 'undici-loop.ts')
  const bare = await fastest(['bun', loop, url, String(ASSERTS)], { runs: 3 })
  yield await readingOf('http.yaml', `${ASSERTS} HTTP asserts`, cli, folder)
  yield {
    what: `${ASSERTS} HTTP asserts`,
    value: ours.took,
    unit: 'ms',
    beside: { what: 'undici loop', value: bare.took },
    goal: { of: 'value', most: 500 },
  }
}
