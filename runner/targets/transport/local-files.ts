import { createHash } from 'node:crypto'
import { constants, type Stats, watch } from 'node:fs'
import { chmod, chown, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TargetError } from '../../contracts/errors.ts'
import { type FileKind, notAFile } from '../../contracts/file-kind.ts'
import type { FileInfo, Files, ReadOptions, Wake } from '../../contracts/transport.ts'
import { userName } from './users.ts'

/** Files of this machine. */
export const localFiles: Files = {
  stat: (path) => orUndefined(() => look(path)),
  read: (path, options = {}) =>
    orUndefined(async () => {
      const chunks: Buffer[] = []
      for await (const chunk of chunksOf(path, options)) chunks.push(Buffer.from(chunk))
      return Buffer.concat(chunks)
    }),
  sha256: (path, options = {}) =>
    orUndefined(async () => {
      const hash = createHash('sha256')
      for await (const chunk of chunksOf(path, options)) hash.update(chunk)
      return hash.digest('hex')
    }),
  write,
  watch: watchFile,
}

const CHUNK = 1024 * 1024

/** A link that leads nowhere is there, and so is one that leads to itself. */
async function look(path: string): Promise<FileInfo> {
  const own = await lstat(path)
  if (!own.isSymbolicLink()) return infoOf(own)
  const link = await readlink(path)
  try {
    return { ...infoOf(await stat(path)), isLink: true, link }
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return { ...infoOf(own), isLink: true, link }
  }
}

/**
 * A device may do something when it is opened, so its kind is looked up first. Opened without blocking: a FIFO may be put
 * in the file's place meanwhile, and some files of the kernel wait for news.
 */
async function* chunksOf(
  path: string,
  { most = Number.POSITIVE_INFINITY, timeout = Number.POSITIVE_INFINITY }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const start = performance.now()
  demandFile(path, await stat(path))
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    demandFile(path, await file.stat())
    const buffer = new Uint8Array(CHUNK)
    for (let left = most; left > 0; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, left), null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      left -= bytesRead
      if (performance.now() - start > timeout)
        throw new TargetError(`${path} could not be read within ${timeout} ms`, { transient: true })
    }
  } finally {
    await file.close()
  }
}

function demandFile(path: string, found: Stats): void {
  if (!found.isFile()) throw notAFile(path, kindOf(found))
}

let written = 0

/**
 * Written beside and renamed, so that nobody ever reads half of it; a link is followed and not replaced. An undo removes
 * what a runner that was killed has left beside it, by that name.
 */
async function write(path: string, bytes: Uint8Array, { mode = 0o644 }: { mode?: number } = {}): Promise<void> {
  const target = (await orUndefined(() => realpath(path))) ?? path
  const before = await orUndefined(() => stat(target))
  const beside = join(dirname(target), `.${basename(target)}.shakedown-${process.pid}-${written++}.tmp`)
  try {
    await writeSynced(beside, bytes)
    // After the writing, since the umask cuts the mode that a file is opened with.
    await chmod(beside, before ? before.mode & 0o7777 : mode)
    if (before && (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()))
      await chown(beside, before.uid, before.gid)
    await rename(beside, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The folder is watched, since a file that is replaced by a rename is another file. Undefined where there is none. */
async function watchFile(path: string, wake: Wake): Promise<AsyncDisposable | undefined> {
  try {
    const target = (await orUndefined(() => realpath(path))) ?? path
    const name = basename(target)
    const watcher = watch(dirname(target), (_event, changed) => {
      if (changed === null || changed === name) wake(`${name} changed`)
    })
    // The folder may be removed while it is watched; whoever waits looks from time to time anyway.
    watcher.on('error', () => undefined)
    return { [Symbol.asyncDispose]: async () => watcher.close() }
  } catch {
    return undefined
  }
}

function infoOf(found: Stats): FileInfo {
  return {
    kind: kindOf(found),
    size: found.size,
    mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: userName(found.uid),
    uid: found.uid,
    gid: found.gid,
  }
}

function kindOf(found: Stats): FileKind {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'folder'
  if (found.isSymbolicLink()) return 'link'
  if (found.isFIFO()) return 'fifo'
  if (found.isSocket()) return 'socket'
  return found.isCharacterDevice() || found.isBlockDevice() ? 'device' : 'other'
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
