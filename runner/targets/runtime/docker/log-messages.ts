/** The messages of a container's log, as the daemon tells them with `timestamps=1`. */
import { Frames } from './frames.ts'

const NEWLINE = 10
const SPACE = 32

export interface LogMessage {
  /** RFC 3339 with nine digits of a second's fraction; comparable as text. */
  readonly at: string
  readonly stream: 1 | 2
  /** The written text, with its newline. Without one it is a piece of a longer line, or the last output of a process. */
  readonly text: Buffer
}

/** Takes the stream of an answer apart as it comes. A container with a terminal has no frames. */
export async function readMessages(
  answer: AsyncIterable<Buffer>,
  hasTerminal: boolean,
  take: (message: LogMessage) => void,
): Promise<void> {
  if (!hasTerminal) {
    const frames = new Frames((stream, bytes) => take(messageOf(stream, bytes)))
    for await (const chunk of answer) frames.push(chunk)
    return
  }
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of answer) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      take(messageOf(1, rest.subarray(0, end + 1)))
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) take(messageOf(1, rest))
}

function messageOf(stream: 1 | 2, bytes: Buffer): LogMessage {
  const space = bytes.indexOf(SPACE)
  const end = space === -1 ? bytes.length : space
  return { at: padded(bytes.subarray(0, end).toString('latin1').trim()), stream, text: bytes.subarray(end + 1) }
}

/** The daemon drops trailing zeros of the fraction, which would break the order of texts. */
export function padded(at: string): string {
  if (at.length === 30) return at
  const [, whole = at, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(at) ?? []
  return `${whole}.${fraction.padEnd(9, '0')}Z`
}
