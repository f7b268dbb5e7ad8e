/** Files inside a container by the Engine's archives: also of one that is stopped, and of an image without a shell. */
import { posix } from 'node:path'
import { extract, type Header, pack } from 'tar-stream'
import { TargetError } from '../../../contracts/errors.ts'
import type { FileInfo, Files } from '../../../contracts/target.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-error.ts'

/** The container is asked for each time, since a restore may have made it anew. */
export function filesInside(engine: Engine, container: () => string): Files {
  const entry = (path: string) => readEntry(engine, container(), path)
  return {
    stat: async (path) => {
      const found = await entry(path)
      return found && infoOf(found.head)
    },
    read: async (path) => (await entry(path))?.bytes,
    write: async (path, bytes, options = {}) => {
      const before = await entry(path)
      await writeEntry(engine, container(), before?.path ?? path, bytes, headOf(before?.head, options.mode))
    },
    watch: async () => undefined,
  }
}

interface Entry {
  /** Where it really is: links were followed. */
  readonly path: string
  readonly head: Header
  readonly bytes: Uint8Array
}

/** How many links one may follow, as the kernel has it. */
const LINKS = 40

async function readEntry(engine: Engine, container: string, path: string): Promise<Entry | undefined> {
  let at = path
  for (let followed = 0; followed < LINKS; followed++) {
    const found = await firstEntry(engine, container, at)
    if (found?.head.type !== 'symlink') return found
    at = posix.resolve(posix.dirname(at), found.head.linkname ?? '')
  }
  throw new TargetError(`${path}: too many links`)
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
    const told = await engine.bytes('HEAD', at)
    if (isFolder(told.headers)) return await folderEntry(path)
    return (await engine.bytes('GET', at, { timeout: 0 })).bytes
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined
    throw error
  }
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
      throw new TargetError(`there is no folder ${posix.dirname(path)} in the container`, { cause: error })
    throw error
  }
}

function headOf(before: Header | undefined, mode: number | undefined): Partial<Header> {
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
