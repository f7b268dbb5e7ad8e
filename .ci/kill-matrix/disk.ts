/** A small disk of its own for a folder, so that it can be filled. Mounts are seen by this process and its children alone. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MARK = 'KILL_MATRIX_UNSHARED'

/** Whether this process may mount: as root, in a mount namespace of its own. */
export const canMount = process.env[MARK] !== undefined

/** Starts the program again in a mount namespace of its own, where that can be had; its exit code. */
export async function unshared(): Promise<number | undefined> {
  if (canMount || process.getuid?.() !== 0 || Bun.which('unshare') === null) return undefined
  if (Bun.spawnSync(['unshare', '-m', 'mount', '--make-rprivate', '/']).exitCode !== 0) return undefined
  const again = ['unshare', '-m', '--propagation', 'private', process.execPath, ...process.argv.slice(1)]
  const child = Bun.spawn(again, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, [MARK]: '1' } })
  return child.exited
}

export function mountDisk(folder: string): void {
  if (!canMount) return
  const { exitCode, stderr } = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=755', 'tmpfs', folder])
  if (exitCode !== 0) throw new Error(`a small disk for ${folder}: ${stderr}`)
}

export function unmount(folder: string): void {
  if (canMount) Bun.spawnSync(['umount', '-l', folder])
}

/** What takes the space is no part of a fingerprint, and is removed by the trial. */
export const FILLER = '.filler'

/** Shell that takes all the space of the disk that a folder is on. */
export function fills(folder: string): string {
  return `head -c 2000000 /dev/zero >'${join(folder, FILLER)}' 2>/dev/null`
}

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}
