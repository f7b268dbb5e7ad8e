/** Logs of services on this machine: read where they are. */
import { closeSync, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import type { LogSource } from '../log/tracked-log.ts'

/** Throws a TargetError when it can't be read. */
export function logFile(path: string): LogSource {
  return {
    look: async (head) => {
      try {
        const { size, ino } = await stat(path)
        return { size, identity: `${ino} ${headOf(path, head)}` }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw new TargetError(`the log can't be read: ${path}: ${messageOf(error)}`, { cause: error })
      }
    },
    open: async () => ({ file: openSync(path, 'r'), fill: async () => undefined }),
  }
}

function headOf(path: string, length: number): string {
  if (length === 0) return ''
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0)).toString('latin1')
  } finally {
    closeSync(file)
  }
}
