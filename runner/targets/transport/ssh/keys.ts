/** What a host is shown to be let in: the agent's keys, then those of files. No passwords. */
import { readFileSync } from 'node:fs'
import {
  type AnyAuthMethod,
  BaseAgent,
  createAgent,
  type ParsedKey,
  type PublicKeyEntry,
  type SignCallback,
  type SigningRequestOptions,
  utils,
} from 'ssh2'
import type { SshSettings } from './settings.ts'

export interface Ways {
  readonly methods: AnyAuthMethod[]
  /** Why keys that are there could not be tried. */
  readonly why: readonly string[]
}

/** Never throws for a key that can't be used: others may do. */
export function waysIn(settings: SshSettings): Ways {
  const { identities, agent, user } = settings
  const keys = identities.map((path) => readKey(path, settings.passphrase))
  const methods: AnyAuthMethod[] = [{ type: 'none', username: user }]
  if (agent !== undefined) methods.push({ type: 'agent', username: user, agent: agentFor(agent, settings) })
  for (const key of keys) if (typeof key !== 'string') methods.push({ type: 'publickey', username: user, key })
  return { methods, why: keys.filter((key) => typeof key === 'string') }
}

/** The key, or why there is none. */
function readKey(path: string, passphrase: string | undefined): ParsedKey | string {
  let text: Buffer
  try {
    text = readFileSync(path)
  } catch (error) {
    return `${path} can't be read (${(error as NodeJS.ErrnoException).code})`
  }
  const parsed = utils.parseKey(text, passphrase)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (key && !(key instanceof Error)) return key.isPrivateKey() ? key : `${path} is no private key`
  if (!/encrypted|passphrase|integrity|decrypt/i.test(String(key))) return `${path}: ${key?.message ?? 'no key'}`
  return passphrase === undefined
    ? `${path} needs a passphrase: give \`passphrase: { env: NAME }\` under \`ssh:\`, or add it to ssh-agent`
    : `the passphrase does not open ${path}`
}

function agentFor(socket: string, { identities, identitiesOnly }: SshSettings): BaseAgent {
  const agent = createAgent(socket)
  return identitiesOnly ? new ChosenKeys(agent, identities.flatMap(publicPart)) : agent
}

function publicPart(path: string): Buffer[] {
  for (const file of [`${path}.pub`, path]) {
    try {
      const parsed = utils.parseKey(readFileSync(file))
      if (!(parsed instanceof Error)) return [parsed].flat().map((key) => key.getPublicSSH())
    } catch {
      // the other file may be there
    }
  }
  return []
}

type Identities = Parameters<BaseAgent['getIdentities']>[0]
type Key = string | Buffer | ParsedKey

/** Of an agent's keys those that are named: a server cuts us off after a few wrong ones. */
class ChosenKeys extends BaseAgent {
  readonly #agent: BaseAgent
  readonly #chosen: readonly Buffer[]

  constructor(agent: BaseAgent, chosen: readonly Buffer[]) {
    super()
    this.#agent = agent
    this.#chosen = chosen
  }

  override getIdentities(done: Identities): void {
    this.#agent.getIdentities((error, keys) => {
      const chosen = keys?.filter((key) => this.#chosen.some((one) => one.equals(publicOf(key))))
      done(error, chosen)
    })
  }

  override sign(key: Key, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, done)
  }
}

function publicOf(key: Key | PublicKeyEntry): Buffer {
  if (typeof key === 'object' && 'pubKey' in key) return publicOf(key.pubKey as Key)
  if (Buffer.isBuffer(key)) return key
  return typeof key === 'string' ? Buffer.from(key, 'base64') : key.getPublicSSH()
}
