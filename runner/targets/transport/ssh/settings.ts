/** All that is needed to reach a host: what targets.yaml says, over what `~/.ssh/config` says, over what is usual. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import { ownName } from '../users.ts'
import { configOf, expandHome, expandTokens, type HostConfig, home } from './config-file.ts'
import { hostSpec, type SshSpec } from './spec.ts'

export interface SshSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  /** `ssh://user@host`, with the port unless it is 22. */
  readonly address: string
  readonly identities: readonly string[]
  /** Of the agent's keys only those of `identities` are tried. */
  readonly identitiesOnly: boolean
  readonly passphrase: string | undefined
  /** Socket of the agent. */
  readonly agent: string | undefined
  /** Files, the first of which takes new hosts. */
  readonly knownHosts: readonly string[]
  /** The name under which known_hosts has it. */
  readonly knownAs: string
  readonly acceptNew: boolean
  readonly become: boolean
  /** The host that the way goes through. */
  readonly jump: SshSettings | undefined
}

const USUAL_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa']
const MOST_JUMPS = 8

/** Throws a TargetError for what can't be understood, or can't be done. */
export function settingsOf(spec: SshSpec, jumps = 0): SshSettings {
  if (jumps > MOST_JUMPS) throw new TargetError(`the way to ${spec.host} goes through too many hosts, or in a circle`)
  const config = configOf(spec.host, spec.user)
  const host = (config.one('HostName') ?? spec.host).replaceAll('%h', spec.host).replaceAll('%%', '%')
  const port = spec.port ?? Number(config.one('Port') ?? 22)
  const user = spec.user ?? config.one('User') ?? ownName()
  const of = { host, port, user }
  refuseProxyCommand(spec, config)
  return {
    ...of,
    address: `ssh://${user}@${host.includes(':') ? `[${host}]` : host}${port === 22 ? '' : `:${port}`}`,
    ...keysOf(spec, config, of),
    knownHosts: knownHostsOf(spec, config, of),
    knownAs: config.one('HostKeyAlias') ?? (port === 22 ? host : `[${host}]:${port}`),
    acceptNew: spec.acceptNew ?? false,
    become: spec.become ?? false,
    jump: jumpOf(spec, config, jumps),
  }
}

function keysOf(spec: SshSpec, config: HostConfig, of: { host: string; port: number; user: string }) {
  const named = (spec.identities ?? config.all('IdentityFile')).filter((path) => path.toLowerCase() !== 'none')
  const agent = config.one('IdentityAgent') ?? 'SSH_AUTH_SOCK'
  return {
    identities:
      named.length > 0
        ? named.map((path) => (spec.identities ? expandHome(path) : expandTokens(path, of)))
        : USUAL_KEYS.map((name) => join(home(), '.ssh', name)).filter(existsSync),
    identitiesOnly: spec.identities !== undefined || config.one('IdentitiesOnly')?.toLowerCase() === 'yes',
    passphrase: spec.passphrase,
    agent: agentOf(agent, of),
  }
}

function agentOf(said: string, of: { host: string; port: number; user: string }): string | undefined {
  if (said.toLowerCase() === 'none') return undefined
  if (said === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined
  return said.startsWith('$') ? process.env[said.slice(1).replace(/[{}]/g, '')] : expandTokens(said, of)
}

function knownHostsOf(spec: SshSpec, config: HostConfig, of: { host: string; port: number; user: string }): string[] {
  if (spec.knownHosts !== undefined) return [expandHome(spec.knownHosts)]
  const words = (name: string, usual: readonly string[]) => {
    const said = config.all(name).flatMap((value) => value.split(/\s+/))
    return (said.length > 0 ? said : usual).filter((path) => path.toLowerCase() !== 'none')
  }
  return [
    ...words('UserKnownHostsFile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    ...words('GlobalKnownHostsFile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
  ].map((path) => expandTokens(path, of))
}

/** `a,b` is: first to a, from there to b. The hosts' keys are looked up in the same known_hosts, and with the same identity. */
function jumpOf(spec: SshSpec, config: HostConfig, jumps: number): SshSettings | undefined {
  const said = spec.jump ?? config.one('ProxyJump')
  if (said === undefined || said === '' || said.toLowerCase() === 'none') return undefined
  const hosts = said.split(',')
  const last = hosts.pop() ?? ''
  const { identities, passphrase, acceptNew, knownHosts } = spec
  const shared = { identities, passphrase, acceptNew, knownHosts }
  const before = hosts.length > 0 ? { jump: hosts.join(',') } : {}
  return settingsOf({ ...shared, ...hostSpec(last), ...before }, jumps + 1)
}

function refuseProxyCommand(spec: SshSpec, config: HostConfig): void {
  const command = config.one('ProxyCommand')
  if (command === undefined || command.toLowerCase() === 'none' || spec.jump !== undefined || config.one('ProxyJump'))
    return
  throw new TargetError(
    `~/.ssh/config reaches ${spec.host} by ProxyCommand, which is not supported: write \`jump: user@host\` beside \`ssh:\` in targets.yaml, or ProxyJump there`,
  )
}
