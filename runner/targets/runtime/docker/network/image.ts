/** The image that helpers run: ours, built on demand and kept. */
import { createHash } from 'node:crypto'
import { messageOf, TargetError } from '../../../../contracts/errors.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import { packed } from '../files.ts'

const DOCKERFILE = `FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nftables iproute2 && apt-get clean && rm -rf /var/lib/apt/lists/*
`
const BUILD_WITHIN = 10 * 60_000

const made = new Map<string, Promise<string>>()

/** The name of an image that is there. Throws a TargetError that says what to do. */
export function helperImage(
  engine: Engine,
  said: string | undefined,
  note: (message: string) => void,
): Promise<string> {
  const key = JSON.stringify([engine.place, said])
  const known = made.get(key)
  if (known) return known
  const making = said === undefined ? buildOnDemand(engine, note) : demand(engine, said)
  made.set(key, making)
  making.catch(() => made.delete(key))
  return making
}

async function demand(engine: Engine, image: string): Promise<string> {
  if (await isThere(engine, image)) return image
  throw new TargetError(`\`helper-image\` is ${image}, which is not there: build or pull it first`)
}

/** What the image is called, whether it is there or not. */
export function helperName(said: string | undefined): string {
  return said ?? `shakedown/helper:${createHash('sha256').update(DOCKERFILE).digest('hex').slice(0, 8)}`
}

async function buildOnDemand(engine: Engine, note: (message: string) => void): Promise<string> {
  const image = helperName(undefined)
  if (await isThere(engine, image)) return image
  note('building the helper that network faults are made with')
  const context = await packed({ name: 'Dockerfile', mode: 0o644 }, Buffer.from(DOCKERFILE))
  const { bytes } = await engine.bytes('POST', `/build?t=${encodeURIComponent(image)}&rm=1&forcerm=1`, {
    body: context,
    timeout: BUILD_WITHIN,
  })
  if (await isThere(engine, image)) return image
  throw new TargetError(
    `the helper that network faults are made with can't be built: ${lastWords(bytes)}; name one that is there by \`helper-image\` of the target`,
  )
}

async function isThere(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.bytes('GET', `/images/${image}/json`)
    return true
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false
    throw error
  }
}

/** The Engine tells of a build as a stream of JSON, one object a line, also when it failed. */
function lastWords(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString().trim().split('\n')
  try {
    const told = lines.map((line) => JSON.parse(line) as { error?: string })
    return told.findLast(({ error }) => error !== undefined)?.error ?? 'it does not say why'
  } catch (error) {
    return messageOf(error)
  }
}
