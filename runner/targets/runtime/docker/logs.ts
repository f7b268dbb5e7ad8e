/** Logs of a container: read with the daemon's timestamps, so that "since" is exact to the line. */
import type { Wake } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'
import { Frames } from './frames.ts'

export interface LogLine {
  /** RFC 3339 with nanoseconds, as the daemon wrote it down; comparable as text. */
  readonly at: string
  readonly text: string
}

/** Lines after `since` (an `at`), at most `last` of them. */
export async function readLogs(
  engine: Engine,
  container: string,
  { since, last }: { since?: string | undefined; last?: number | undefined },
): Promise<readonly LogLine[]> {
  const from = since === undefined ? '' : `&since=${Math.floor(Date.parse(since) / 1_000)}`
  const { bytes } = await engine.bytes(
    'GET',
    `/containers/${container}/logs?stdout=1&stderr=1&timestamps=1&tail=${last ?? 'all'}${from}`,
  )
  const lines = linesOf(bytes).filter(({ at }) => since === undefined || at > since)
  return last === undefined ? lines : lines.slice(-last)
}

function linesOf(bytes: Uint8Array): LogLine[] {
  // Both streams in the order they came; a line never spans frames of the other.
  const parts: [string, string] = ['', '']
  const lines: LogLine[] = []
  const take = (text: string, of: 0 | 1) => {
    const pieces = (parts[of] + (parts[of] === '' ? text : withoutTime(text))).split('\n')
    parts[of] = pieces.pop() ?? ''
    for (const piece of pieces) lines.push(lineOf(piece))
  }
  // A container with a terminal has no frames.
  const framed = bytes.length === 0 || (bytes[0] !== undefined && bytes[0] <= 2 && bytes[1] === 0)
  if (framed) new Frames((stream, piece) => take(piece.toString(), stream === 2 ? 1 : 0)).push(bytes)
  else take(Buffer.from(bytes).toString(), 0)
  for (const rest of parts) if (rest !== '') lines.push(lineOf(rest))
  return lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** A line longer than 16 KiB comes in several frames, each of which begins with a time. */
function withoutTime(text: string): string {
  return text.slice(text.indexOf(' ') + 1)
}

function lineOf(line: string): LogLine {
  const space = line.indexOf(' ')
  if (space === -1) return { at: padded(line), text: '' }
  return { at: padded(line.slice(0, space)), text: line.slice(space + 1).replace(/\r$/, '') }
}

/** The daemon drops trailing zeros of the fraction, which would break the order of texts. */
function padded(at: string): string {
  const [, whole = at, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(at) ?? []
  return `${whole}.${fraction.padEnd(9, '0')}Z`
}

/** Wakes at each piece of log; resolves once it is followed. */
export async function followLogs(engine: Engine, container: string, wake: Wake): Promise<AsyncDisposable> {
  const over = new AbortController()
  const stream = await engine.stream(`/containers/${container}/logs?stdout=1&stderr=1&follow=1&tail=0`, over.signal)
  const reading = (async () => {
    for await (const _ of stream) wake('a line was logged')
  })().catch(() => undefined)
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort(new Error('over'))
      await reading
    },
  }
}
