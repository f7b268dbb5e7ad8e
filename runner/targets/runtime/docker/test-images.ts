/** Images that tests are made with: built once, and kept, since nothing of a test is in them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../transport/conformance/run.ts'
import { localTransport } from '../../transport/local.ts'

const built = new Map<string, Promise<string>>()

/** Builds out of a Dockerfile's text; later builds come from Docker's cache. */
export function builtImage(word: string, dockerfile: string): Promise<string> {
  const known = built.get(word) ?? build(`shakedown-test/${word}`, dockerfile)
  built.set(word, known)
  return known
}

async function build(name: string, dockerfile: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sd-image-'))
  try {
    writeFileSync(join(folder, 'Dockerfile'), dockerfile)
    const { code, out, err } = await run(localTransport(), {
      argv: ['docker', 'build', '--network', 'none', '-q', '-t', name, folder],
    })
    if (code !== 0) throw new Error(`the image ${name} could not be built: ${out}${err}`)
    return name
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Two commands and what they are linked with: no shell, no `cat`, no `ls`. */
export const bareImage = () =>
  builtImage(
    'bare',
    `FROM debian:bookworm-slim AS tools
RUN mkdir -p /bare/etc && cp /bin/sleep /bare/sleeper && cp /bin/cat /bare/printer && echo hello >/bare/etc/greeting && \\
  cp --parents $(ldd /bin/sleep | grep -o '/[^ ]*') /bare
FROM scratch
COPY --from=tools /bare /
`,
  )
