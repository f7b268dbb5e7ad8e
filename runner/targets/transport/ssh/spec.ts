/** What targets.yaml says of a host: `ssh: miner@10.0.0.5`, or a mapping. */
import { TargetError } from '../../../contracts/errors.ts'

export interface SshSpec {
  /** An address, or an alias of `~/.ssh/config`. */
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  /** Private key files that are tried, instead of those of `~/.ssh/config`. Absolute, or with `~`. */
  readonly identities?: readonly string[] | undefined
  /** Opens those keys. */
  readonly passphrase?: string | undefined
  /** A host that known_hosts does not know is added to it. */
  readonly acceptNew?: boolean | undefined
  /** Instead of `~/.ssh/known_hosts`. */
  readonly knownHosts?: string | undefined
  /** The way goes through this one: `user@host:port`, or several with commas. */
  readonly jump?: string | undefined
  /** Everything runs as root, by `sudo -n`. */
  readonly become?: boolean | undefined
}

/** `host`, `user@host:port`, `ssh://user@[::1]:22`. Throws a TargetError for what is none. */
export function hostSpec(text: string): Pick<SshSpec, 'host' | 'user' | 'port'> {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^:@\s/]+))(?::(\d{1,5}))?\/?$/.exec(text.trim()) ?? []
  const host = bracketed ?? plain
  if (host === undefined || host.startsWith('-'))
    throw new TargetError(`"${text}" is no SSH address: write user@host or user@host:port`)
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) }
}
