/** Files inside a container by the Engine's archives: also of one that is stopped, and of an image without a shell. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { extract, type Header, pack } from 'tar-stream'
import { after } from '../../../base/timer.ts'
import { CheckFailure, TargetError } from '../../../contracts/errors.ts'
import { type FileKind, notAFile } from '../../../contracts/file-kind.ts'
import type { FileInfo, Files, ReadOptions } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'
import { isMounted, isUnseen, readInside, sha256Inside, statInside, writeInside } from './files-by-exec.ts'
import type { Inspection } from './inspection.ts'

/** The container is asked for each time, since a restore may have made it anew. */
export function filesInside(engine: Engine, container: () => Promise<Inspection>): Files {
  return {
    stat: async (path) => {
      const one = await container()
      if (isUnseen(one, path)) return statInside(engine, one, path)
      const { head, kind, isLink } = await readEntry(engine, one.Id, path, { take: 'head' })
      return head && infoOf(head, kind ?? 'other', isLink)
    },
    read: async (path, options = {}) => {
      const one = await container()
      if (isUnseen(one, path)) return readInside(engine, one, path, options)
      return contentOf(path, await readEntry(engine, one.Id, path, options)).bytes
    },
    sha256: async (path, { timeout } = {}) => {
      const one = await container()
      if (isUnseen(one, path)) return sha256Inside(engine, one, path, timeout)
      return contentOf(path, await readEntry(engine, one.Id, path, { take: 'hash', timeout })).sha256
    },
    write: async (path, bytes, options = {}) => {
      const one = await container()
      if (isUnseen(one, path)) return writeInside(engine, one, path, bytes, options.mode)
      const before = await readEntry(engine, one.Id, path, { take: 'head' })
      if (before.head && isMounted(one, before.path)) return writeInside(engine, one, before.path, bytes, undefined)
      await writeEntry(engine, one.Id, before.path, bytes, headOf(before.head, options.mode))
    },
    watch: async () => undefined,
  }
}

export interface Entry {
  /** Where it really is, or would be: links were followed. */
  readonly path: string
  readonly isLink?: boolean | undefined
  /** Undefined: there is nothing. */
  readonly head?: Header | undefined
  readonly kind?: FileKind | undefined
  readonly bytes?: Uint8Array | undefined
  readonly sha256?: string | undefined
}

interface Taking extends ReadOptions {
  /** Without it, the bytes. */
  readonly take?: 'head' | 'hash' | undefined
}

/** How many links one may follow, as the kernel has it. */
const LINKS = 40

/** A link that leads nowhere is reported as a link. */
export async function readEntry(engine: Engine, container: string, path: string, taking: Taking = {}): Promise<Entry> {
  let at = path
  let link: Entry | undefined
  for (let followed = 0; followed < LINKS; followed++) {
    const found = await firstEntry(engine, container, at, taking)
    const isLink = link === undefined ? undefined : true
    if (found?.head?.type !== 'symlink') return { ...(found ?? { ...link, path: at }), isLink }
    link ??= { ...found, kind: 'link' }
    at = posix.resolve(posix.dirname(at), found.head.linkname ?? '')
  }
  throw new CheckFailure(`${path}: too many links`)
}

function contentOf(path: string, entry: Entry): Entry {
  if (entry.head && entry.kind !== 'file' && entry.kind !== 'link') throw notAFile(path, entry.kind ?? 'other')
  return entry.kind === 'link' ? { path } : entry
}

/** Neither a large file nor a folder is fetched as a whole to tell what it is. */
async function firstEntry(
  engine: Engine,
  container: string,
  path: string,
  { take, most = Number.POSITIVE_INFINITY, timeout = Number.POSITIVE_INFINITY }: Taking,
): Promise<Entry | undefined> {
  const enough = new AbortController()
  const late = new TargetError(`${path} could not be read within ${timeout} ms`, { transient: true })
  using _limit = after(timeout, () => enough.abort(late))
  try {
    const archive = await archiveOf(engine, container, path, enough.signal)
    if (archive === undefined) return undefined
    const reader = archive.pipe(extract())
    archive.on('error', (error) => reader.destroy(error))
    for await (const entry of reader) {
      const head = entry.header
      const kind = kindOf(head)
      if (take === 'head' || kind !== 'file') return { path, head, kind }
      return {
        path,
        head,
        kind,
        ...(await (take === 'hash' ? hashOf(entry as Content) : bytesOf(entry as Content, most))),
      }
    }
    return await socketAt(engine, container, path)
  } catch (error) {
    throw enough.signal.aborted ? enough.signal.reason : error
  } finally {
    enough.abort(new Error('enough was read'))
  }
}

type Content = AsyncIterable<Uint8Array>

async function bytesOf(entry: Content, most: number): Promise<{ bytes: Uint8Array }> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of entry) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= most) break
  }
  return { bytes: Buffer.concat(chunks).subarray(0, Math.min(size, most)) }
}

async function hashOf(entry: Content): Promise<{ sha256: string }> {
  const hash = createHash('sha256')
  for await (const chunk of entry) hash.update(chunk)
  return { sha256: hash.digest('hex') }
}

async function archiveOf(
  engine: Engine,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<Readable | undefined> {
  try {
    return await engine.stream(`/containers/${container}/archive?path=${encodeURIComponent(path)}`, signal)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.status === 404 || /not a directory/.test(error.message)) return undefined
    if (/too many/.test(error.message)) throw new CheckFailure(`${path}: too many links`)
    throw error
  }
}

/** An archive holds no sockets, so that of one is empty. Go's file mode tells: bit 24 is that of a socket. */
async function socketAt(engine: Engine, container: string, path: string): Promise<Entry> {
  const told = await engine.bytes('HEAD', `/containers/${container}/archive?path=${encodeURIComponent(path)}`)
  const text = Buffer.from(String(told.headers['x-docker-container-path-stat'] ?? 'e30='), 'base64').toString()
  const { mode = 0 } = JSON.parse(text) as { mode?: number }
  const kind = Math.floor(mode / 2 ** 24) % 2 === 1 ? 'socket' : 'other'
  return { path, head: { name: path, mode: mode % 2 ** 9 } as Header, kind }
}

async function writeEntry(engine: Engine, container: string, path: string, bytes: Uint8Array, head: Partial<Header>) {
  const archive = await packed({ ...head, name: posix.basename(path), type: 'file' }, bytes)
  const folder = encodeURIComponent(posix.dirname(path))
  try {
    await engine.bytes('PUT', `/containers/${container}/archive?path=${folder}`, { body: archive, timeout: 0 })
  } catch (error) {
    if (error instanceof EngineError && error.status === 404)
      throw new CheckFailure(`there is no folder ${posix.dirname(path)} in the container`)
    if (error instanceof EngineError && /read-only/.test(error.message))
      throw new CheckFailure(`${path} can't be written: it is mounted read-only`)
    throw error
  }
}

export function headOf(before: Header | undefined, mode: number | undefined): Partial<Header> {
  if (before) return { mode: before.mode ?? 0o644, uid: before.uid ?? 0, gid: before.gid ?? 0 }
  return { mode: mode ?? 0o644 }
}

/** One file as a tar archive. */
export async function packed(head: Partial<Header> & { name: string }, bytes: Uint8Array): Promise<Uint8Array> {
  const archive = pack()
  archive.entry(head as Header, Buffer.from(bytes))
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function infoOf({ size = 0, mode = 0, uname, uid = 0, gid = 0 }: Header, kind: FileKind, isLink?: boolean): FileInfo {
  return {
    kind,
    isLink: isLink === true || kind === 'link' ? true : undefined,
    size,
    mode: (mode & 0o7777).toString(8).padStart(4, '0'),
    owner: uname || (uid === 0 ? 'root' : String(uid)),
    uid,
    gid,
  }
}

function kindOf({ type }: Header): FileKind {
  if (type === 'file' || type === 'contiguous-file') return 'file'
  if (type === 'directory') return 'folder'
  if (type === 'symlink') return 'link'
  if (type === 'fifo') return 'fifo'
  return type === 'character-device' || type === 'block-device' ? 'device' : 'other'
}
