import { constants } from 'node:os'

/** A grandchild that goes on may hold the pipes open: once the command has ended, output may pause for this long. */
const QUIET_GRACE = 100

/** What was kept of an output. */
export interface Kept {
  /** Call it once the command has ended: resolves at the end of the output, or when nothing more comes. */
  drained(): Promise<void>
  bytes(): Uint8Array
  truncated(): boolean
}

/** Reads an output to its end and keeps `limit` bytes; the rest is dropped, so that the command does not block. */
export function keepOutput(stream: ReadableStream<Uint8Array>, limit: number): Kept {
  const chunks: Uint8Array[] = []
  let size = 0
  let seen = 0
  const reader = stream.getReader()
  const read = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const chunk = next.value.subarray(0, limit - size)
      if (chunk.length > 0) chunks.push(chunk)
      size += chunk.length
      seen += next.value.length
    }
  }
  let done = false
  const whole = read().then(
    () => {
      done = true
    },
    () => {
      done = true
    },
  )
  return {
    drained: async () => {
      for (let before = -1; !done && before !== seen; ) {
        before = seen
        await orQuiet(whole)
      }
      if (!done) void reader.cancel().catch(() => undefined)
    },
    bytes: () => (chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)),
    truncated: () => seen > size,
  }
}

/** How a child ended, as a shell counts: 128 + N when signal N ended it. */
export function howEnded({ exitCode, signalCode }: Pick<Bun.Subprocess, 'exitCode' | 'signalCode'>) {
  if (signalCode === null) return { code: exitCode ?? 1 }
  const signal = Object.entries(constants.signals).find(
    ([name, number]) => signalCode === name || signalCode === number,
  )
  return signal ? { code: 128 + signal[1], signal: signal[0] } : { code: exitCode ?? 1 }
}

async function orQuiet(whole: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const quiet = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, QUIET_GRACE)
  })
  await Promise.race([whole, quiet])
  clearTimeout(timer)
}
