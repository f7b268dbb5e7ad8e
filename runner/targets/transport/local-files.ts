import { watch } from 'node:fs'
import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { FileInfo, Files } from '../../contracts/target.ts'

/** Files of this machine. */
export const localFiles: Files = {
  stat: (path) => orUndefined(async () => infoOf(await stat(path))),
  read: (path) => orUndefined(() => readFile(path)),
  write,
  watch: async (path, wake) => {
    try {
      // The folder is watched, since a file that is replaced by a rename is another file.
      const watcher = watch(dirname(path), (_event, name) => {
        if (name === null || name === basename(path)) wake(`${basename(path)} changed`)
      })
      watcher.on('error', () => undefined)
      return { [Symbol.asyncDispose]: async () => watcher.close() }
    } catch {
      return undefined
    }
  },
}

/** Written beside and renamed, so that nobody ever reads half of it; a link is followed and not replaced. */
async function write(path: string, bytes: Uint8Array, { mode = 0o644 }: { mode?: number } = {}): Promise<void> {
  const target = (await orUndefined(() => realpath(path))) ?? path
  const before = await orUndefined(() => stat(target))
  const beside = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`)
  try {
    const file = await open(beside, 'w', before ? before.mode & 0o7777 : mode)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(beside, before ? before.mode & 0o7777 : mode)
    if (before && process.getuid?.() === 0) await chown(beside, before.uid, before.gid)
    await rename(beside, target)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function infoOf(found: Awaited<ReturnType<typeof stat>>): FileInfo {
  const { uid, username } = userInfo()
  return {
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
    size: Number(found.size),
    mode: (Number(found.mode) & 0o7777).toString(8).padStart(4, '0'),
    owner: Number(found.uid) === uid ? username : String(found.uid),
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
