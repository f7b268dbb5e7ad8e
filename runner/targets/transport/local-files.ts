import { type Stats, watch } from 'node:fs'
import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileInfo, Files, Wake } from '../../contracts/transport.ts'
import { userName } from './users.ts'

/** Files of this machine. */
export const localFiles: Files = {
  stat: (path) => orUndefined(async () => infoOf(await stat(path))),
  read: (path) => orUndefined(() => readFile(path)),
  write,
  watch: watchFile,
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
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
    size: found.size,
    mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: userName(found.uid),
  }
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
