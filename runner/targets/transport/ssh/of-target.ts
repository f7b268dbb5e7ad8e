/** The keys `ssh`, `jump` and `become` of a target. */
import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { known } from '../../../base/redact/known.ts'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import type { Secret } from '../../../contracts/plan.ts'
import { hostSpec, type SshSpec } from './spec.ts'

const COMMAND_LIMIT = 30_000

interface Written {
  readonly host: string
  readonly user?: string
  readonly port?: number
  readonly identity?: string
  readonly passphrase?: Secret
  readonly 'accept-new'?: boolean
  readonly 'known-hosts'?: string
}

/** Paths are beside targets.yaml, whose folder is `home`. Throws a TargetError for what can't be understood or had. */
export async function sshSpecOf(config: Readonly<Record<string, unknown>>, home: string): Promise<SshSpec> {
  const said = config['ssh'] as string | Written
  const written: Written = typeof said === 'string' ? { host: said } : said
  const { user, port, identity, passphrase, 'known-hosts': knownHosts } = written
  const path = (text: string) => (text.startsWith('~') || isAbsolute(text) ? text : resolve(home, text))
  return {
    ...hostSpec(written.host),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(identity === undefined ? {} : { identities: [path(identity)] }),
    ...(passphrase === undefined ? {} : { passphrase: await learned(readPassphrase(passphrase, home)) }),
    ...(knownHosts === undefined ? {} : { knownHosts: path(knownHosts) }),
    acceptNew: written['accept-new'] === true,
    jump: config['jump'] as string | undefined,
    become: config['become'] === true,
  }
}

async function learned(passphrase: Promise<string>): Promise<string> {
  known.add(await passphrase)
  return passphrase
}

async function readPassphrase(source: Secret, home: string): Promise<string> {
  const missing = (why: string) => new TargetError(`the passphrase of the SSH key can't be had: ${why}`)
  if ('env' in source) {
    const value = process.env[source.env]
    if (value === undefined) throw missing(`the environment has no ${source.env}; set it: export ${source.env}=…`)
    return value
  }
  try {
    return 'file' in source
      ? readFileSync(resolve(home, source.file), 'utf8').replace(/\r?\n$/, '')
      : await outputOf(source.command, home)
  } catch (error) {
    throw missing(messageOf(error))
  }
}

async function outputOf(command: string | readonly string[], cwd: string): Promise<string> {
  const argv = typeof command === 'string' ? ['sh', '-c', command] : [...command]
  const child = Bun.spawn(argv, { cwd, stdio: ['ignore', 'pipe', 'ignore'], timeout: COMMAND_LIMIT })
  const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited])
  // Never with its output, which may hold the passphrase.
  if (code !== 0) throw new Error(`its command ends with exit code ${code}; run it by hand to see why`)
  return out.replace(/\r?\n$/, '')
}
