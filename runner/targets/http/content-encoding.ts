/** Undoes the content encodings of a body (RFC 9110, 8.4), chunk by chunk. */
import { pipeline, type Transform } from 'node:stream'
import { messageOf } from '../../contracts/errors.ts'
import { ZstdFrames } from './zstd-frames.ts'

const CODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const
type Coding = (typeof CODINGS)[number]
/** As many as curl takes. Each is a decompressor of its own. */
const MOST = 5

type Chunks = AsyncIterable<Uint8Array>

/** The bytes can't be decoded. The message says why. */
export class Undecodable extends Error {}

/** The decoded chunks; reading them throws Undecodable for damaged data. Throws Undecodable for an unknown encoding. */
export function decoded(body: Chunks, contentEncoding: string | undefined): Chunks {
  const codings = codingsOf(contentEncoding ?? '')
  return codings.reduceRight(decompressed, body)
}

/** In the order in which they were applied. */
function codingsOf(header: string): Coding[] {
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^x-(?=gzip$)/, ''))
    .filter((name) => name !== '' && name !== 'identity')
  const unknown = names.find((name) => !CODINGS.some((coding) => coding === name))
  if (unknown !== undefined)
    throw new Undecodable(`the content-encoding "${unknown}" is unknown (known: ${CODINGS.join(', ')})`)
  if (names.length > MOST)
    throw new Undecodable(`it has ${names.length} content-encodings, and ${MOST} at most are undone`)
  return names as Coding[]
}

async function* decompressed(source: Chunks, coding: Coding): AsyncGenerator<Uint8Array> {
  const [start, rest] = await begun(source)
  // Answers to HEAD and many others without a body name an encoding nevertheless.
  if (start.length === 0) return
  const frames = coding === 'zstd' ? new ZstdFrames() : undefined
  let broken: unknown
  let given = 0
  const input = async function* () {
    try {
      for await (const chunk of rest) {
        frames?.push(chunk)
        given += chunk.length
        yield chunk
      }
    } catch (error) {
      broken = error
      throw error
    }
  }
  const transform: Decompressor = await decompressorOf(coding, start)
  // Its errors come out of the transform, too.
  pipeline(input(), transform, () => undefined)
  try {
    yield* transform
  } catch (error) {
    throw broken ?? new Undecodable(`its ${coding} data is damaged: ${messageOf(error)}`)
  }
  // Only gzip and zstd may go on with a further part, which their decompressors read.
  const hasOneEnd = coding === 'br' || coding === 'deflate'
  if (hasOneEnd && (transform.bytesWritten ?? given) < given)
    throw new Undecodable(`its ${coding} data is damaged: more bytes follow its end`)
  if (frames?.ended === false) throw new Undecodable('its zstd data is damaged: unexpected end of file')
}

/** `bytesWritten`: how many bytes were decoded. */
type Decompressor = Transform & { readonly bytesWritten?: number }

async function decompressorOf(coding: Coding, start: Uint8Array): Promise<Transform> {
  const zlib = await import('node:zlib')
  if (coding === 'gzip') return zlib.createGunzip()
  if (coding === 'br') return zlib.createBrotliDecompress()
  if (coding === 'zstd') return (zlib as unknown as Zstd).createZstdDecompress()
  // RFC 9110, 8.4.1.2: some servers send it without the zlib format around it.
  return hasZlibHeader(start) ? zlib.createInflate() : zlib.createInflateRaw()
}

/** Bun has it, and its types do not know. */
interface Zstd {
  createZstdDecompress(): Transform
}

/** RFC 1950, 2.2. */
function hasZlibHeader([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0
}

/** The first two bytes, or fewer when that is all, and the whole again. */
async function begun(source: Chunks): Promise<[start: Uint8Array, whole: Chunks]> {
  const iterator = source[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const { done, value } = await iterator.next()
    if (done) break
    start = Buffer.concat([start, value])
  }
  const whole = async function* () {
    yield start
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return [start, whole()]
}
