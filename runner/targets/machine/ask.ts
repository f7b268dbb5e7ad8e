/** Small commands on the machine, whose undo needs the same programs: they lie where ordinary users do not look for them. */
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE } from '../../contracts/target.ts'
import type { Transport } from '../../contracts/transport.ts'
import type { Change, Undo } from '../../contracts/undo.ts'

export const PATHS = 'PATH="$PATH:/usr/sbin:/sbin:/usr/bin:/bin"; export PATH'
const LIMIT = 15_000

export interface Said {
  readonly code: number
  readonly out: string
  /** What it says of its failure. */
  readonly words: string
}

/** How a script of `sh` ended there. */
export async function ask(
  transport: Transport,
  sh: string,
  { stdin, signal = new AbortController().signal }: { stdin?: string; signal?: AbortSignal } = {},
): Promise<Said> {
  const { code, stdout, stderr } = await transport.exec(
    { sh: `${PATHS}\n${sh}` },
    { stdin, timeout: LIMIT, cwd: '/' },
    signal,
  )
  const out = Buffer.from(stdout).toString()
  return { code, out, words: Buffer.from(stderr).toString().trim() || out.trim() || `it ended with ${code}` }
}

/** What it says. Throws a CheckFailure when it fails. */
export async function demand(
  transport: Transport,
  sh: string,
  options: Parameters<typeof ask>[2] = {},
): Promise<string> {
  const { code, out, words } = await ask(transport, sh, options)
  if (code !== 0) throw new CheckFailure(words)
  return out
}

const touches = [{ service: MACHINE }]

/** What all changes of the machine have in common. */
export function aboutMachine(
  does: string,
  { settles = 10_000, sh, verify = '', ...undo }: Pick<Undo, 'title' | 'sh' | 'ends'> & Partial<Undo>,
): Pick<Change, 'does' | 'touches' | 'undo'> {
  const scripts = { sh: `${PATHS}\n${sh}`, verify: `${PATHS}\n${verify}` }
  return { does, touches, undo: { of: 'fault', touches, settles, ...undo, ...scripts } }
}
