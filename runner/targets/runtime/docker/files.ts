/** Files inside a container by the Engine's archives: also of one that is stopped, and of an image without a shell. */
import { posix } from 'node:path'
import { extract, type Header, pack } from 'tar-stream'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { FileInfo, Files } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'
import { isMounted, isUnseen, readInside, statInside, writeInside } from './files-by-exec.ts'
import type { Inspection } from './inspection.ts'

/** The container is asked for each time, since a restore may have made it anew. */
export function filesInside(engine: Engine, container: () => Promise<Inspection>): Files {
  return {
    stat: async (path) => {
      const one = await container()
      if (isUnseen(one, path)) return statInside(engine, one, path)
      const { head } = await readEntry(engine, one.Id, path)
      return head && infoOf(head)
    },
    read: async (path) => {
      const one = await container()
      return isUnseen(one, path) ? readInside(engine, one, path) : (await readEntry(engine, one.Id, path)).bytes
    },
    write: async (path, bytes, options = {}) => {
      const one = await container()
      if (isUnseen(one, path)) return writeInside(engine, one, path, bytes, options.mode)
      const before = await readEntry(engine, one.Id, path)
      if (before.head && isMounted(one, before.path)) return writeInside(engine, one, before.path, bytes, undefined)
      await writeEntry(engine, one.Id, before.path, bytes, headOf(before.head, options.mode))
    },
    watch: async () => undefined,
  }
}

export interface Entry {
  /** Where it really is, or would be: links were followed. */
  readonly path: string
  /** Undefined: there is nothing. */
  readonly head?: Header | undefined
  readonly bytes?: Uint8Array | undefined
}

/** How many links one may follow, as the kernel has it. */
const LINKS = 40

export async function readEntry(engine: Engine, container: string, path: string): Promise<Entry> {
  let at = path
  for (let followed = 0; followed < LINKS; followed++) {
    const found = await firstEntry(engine, container, at)
    if (found?.head?.type !== 'symlink') return found ?? { path: at }
    at = posix.resolve(posix.dirname(at), found.head.linkname ?? '')
  }
  throw new CheckFailure(`${path}: too many links`)
}

async function firstEntry(engine: Engine, container: string, path: string): Promise<Entry | undefined> {
  const archive = await archiveOf(engine, container, path)
  if (archive === undefined) return undefined
  const { promise, resolve, reject } = Promise.withResolvers<Entry | undefined>()
  const reader = extract()
  let found: Entry | undefined
  reader.on('entry', (head, stream, next) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk) => {
      if (found === undefined) chunks.push(chunk as Buffer)
    })
    stream.on('end', () => {
      found ??= { path, head, bytes: Buffer.concat(chunks) }
      next()
    })
    stream.resume()
  })
  reader.on('finish', () => resolve(found))
  reader.on('error', reject)
  reader.end(Buffer.from(archive))
  return promise
}

async function archiveOf(engine: Engine, container: string, path: string): Promise<Uint8Array | undefined> {
  const at = `/containers/${container}/archive?path=${encodeURIComponent(path)}`
  try {
    const told = await engine.bytes('HEAD', at).catch(orNoHead)
    if (isFolder(told?.headers ?? {})) return await folderEntry(path)
    return (await engine.bytes('GET', at, { timeout: 0 })).bytes
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.status === 404 || /not a directory/.test(error.message)) return undefined
    if (/too many/.test(error.message)) throw new CheckFailure(`${path}: too many links`)
    throw error
  }
}

/** An answer to HEAD has no words: what is wrong is told by the GET after it. */
function orNoHead(error: unknown): undefined {
  if (error instanceof EngineError && error.status !== 404) return undefined
  throw error
}

/** A whole folder is not fetched to tell that it is one. */
function isFolder(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const told = JSON.parse(Buffer.from(String(headers['x-docker-container-path-stat'] ?? 'e30='), 'base64').toString())
  // The highest bit of Go's file mode.
  return ((told as { mode?: number }).mode ?? 0) >= 2 ** 31
}

function folderEntry(path: string): Promise<Uint8Array> {
  return packed({ name: `${posix.basename(path) || '.'}/`, type: 'directory', mode: 0o755 }, new Uint8Array())
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

function infoOf({ type, size = 0, mode = 0, uname, uid = 0 }: Header): FileInfo {
  const kind = type === 'directory' ? 'folder' : type === 'file' ? 'file' : 'other'
  return {
    kind,
    size,
    mode: (mode & 0o7777).toString(8).padStart(4, '0'),
    owner: uname || (uid === 0 ? 'root' : String(uid)),
  }
}
