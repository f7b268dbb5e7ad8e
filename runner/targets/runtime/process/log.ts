/** The log of a service: a file that only grows. */
import { open, stat } from 'node:fs/promises'
import { TargetError } from '../../../contracts/errors.ts'
import type { LogMark } from '../../../contracts/target.ts'
import { LARGEST_LOG, linesOf } from './machine.ts'

/** Lines behind a mark, the one that is still being written too. Throws a TargetError when it can't be read. */
export async function readLog(path: string, since: LogMark = 0, last?: number): Promise<readonly string[]> {
  const size = await logSize(path)
  const from = Math.max(since, size - LARGEST_LOG)
  if (from >= size) return []
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    return linesOf(buffer.subarray(0, bytesRead), last)
  } catch (error) {
    throw new TargetError(`the log can't be read: ${path}`, { cause: error })
  }
}

/** Bytes; 0 before the service was started. */
export async function logSize(path: string): Promise<LogMark> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw new TargetError(`the log can't be read: ${path}`, { cause: error })
  }
}
