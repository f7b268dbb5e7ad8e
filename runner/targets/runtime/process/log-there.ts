/** Logs of services on another machine: only new parts are fetched, piece by piece. */
import { quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { Spool } from '../log/spool.ts'
import type { LogSource } from '../log/tracked-log.ts'

/** Bytes that are asked for at a time. */
const PIECE = 4 * 1024 * 1024

/** `ask` gives what a script prints there, and throws a TargetError when it fails. */
export function logThere(path: string, ask: (script: string, options: { keep: number }) => Promise<Buffer>): LogSource {
  const log = quote(path)
  return {
    look: async (head) => {
      const script = `[ -e ${log} ] || exit 0; ls -i ${log}; wc -c <${log}; head -c ${head} ${log} | cksum`
      const [inode = '', size, sum] = (await ask(script, { keep: PIECE })).toString().trim().split('\n')
      if (size === undefined) return undefined
      return { size: Number(size), identity: `${inode.trim().split(' ')[0]} ${sum}` }
    },
    open: async () => {
      const spool = new Spool()
      const fill = async (size: number) => {
        while (spool.size < size) {
          const most = Math.min(PIECE, size - spool.size)
          const piece = await ask(`tail -c +${spool.size + 1} ${log} | head -c ${most}`, { keep: PIECE })
          if (piece.length === 0) throw new TargetError(`${path} was emptied while it was read`, { transient: true })
          spool.append(piece)
          spool.flush()
        }
      }
      return { file: spool.file, fill }
    },
  }
}
