/** The one connection to a host that all cases of a run share; made anew when it was cut. */
import type { Client, ClientChannel } from 'ssh2'
import { TargetError } from '../../../contracts/errors.ts'
import { connectTo } from './connection.ts'
import { FramedShell } from './framed-shell.ts'
import type { SshSettings } from './settings.ts'
import { Slots } from './slots.ts'

/** The next case of a run comes soon. */
const LINGER = 2_000
/** A server that allows few sessions a connection gets another connection. */
const MOST_CONNECTIONS = 8
/** Commands with a channel of their own: less than the MaxSessions that sshd has by default. */
const MOST_ALONE = 8

export class Link {
  readonly settings: SshSettings
  /** For commands with a channel of their own. */
  readonly slots = new Slots(MOST_ALONE)
  readonly #clients: Promise<Client>[] = []
  #shell: Promise<FramedShell | undefined> | undefined
  #users = 0
  #cuts = 0
  #closing: ReturnType<typeof setTimeout> | undefined

  constructor(settings: SshSettings) {
    this.settings = settings
  }

  /** How many connections to the host have ended so far. */
  get cuts(): number {
    return this.#cuts
  }

  use(): void {
    this.#users++
    clearTimeout(this.#closing)
  }

  leave(): void {
    this.#users--
    if (this.#users > 0) return
    this.#closing = setTimeout(() => this.#close(), LINGER)
  }

  /** Throws a TargetError when the host can't be reached. */
  client(): Promise<Client> {
    return this.#clients[0] ?? this.#another()
  }

  /** A channel with a command of the login shell; on a further connection where the server allows no more of them on this one. */
  async session(command: string): Promise<ClientChannel> {
    for (let index = 0; ; index++) {
      const client = await (this.#clients[index] ?? this.#another())
      try {
        return await open(client, command)
      } catch (error) {
        if (!(error instanceof NoMoreSessions)) throw error
        if (index + 1 >= MOST_CONNECTIONS)
          throw new TargetError(
            `${this.settings.address} allows no more sessions: raise MaxSessions in its sshd_config`,
            { transient: true },
          )
      }
    }
  }

  /** Undefined where none can be had: every command then gets a channel of its own. */
  shell(): Promise<FramedShell | undefined> {
    this.#shell ??= this.#startShell()
    return this.#shell
  }

  async #startShell(): Promise<FramedShell | undefined> {
    const starting = FramedShell.start(this)
    try {
      const shell = await starting
      void shell?.ended.then(() => {
        this.#shell = undefined
      })
      return shell
    } catch (error) {
      this.#shell = undefined
      throw error
    }
  }

  #another(): Promise<Client> {
    const connecting = connectTo(this.settings)
    this.#clients.push(connecting)
    const drop = () => {
      const index = this.#clients.indexOf(connecting)
      if (index !== -1) this.#clients.splice(index, 1)
    }
    const cut = () => {
      this.#cuts++
      drop()
    }
    connecting.then((client) => client.once('close', cut), drop)
    return connecting
  }

  #close(): void {
    links.delete(keyOf(this.settings))
    for (const client of this.#clients.splice(0)) client.then((one) => one.end()).catch(() => undefined)
  }
}

const links = new Map<string, Link>()

/** The link to a host: one for all who reach it in the same way. */
export function linkTo(settings: SshSettings): Link {
  const key = keyOf(settings)
  const link = links.get(key) ?? new Link(settings)
  links.set(key, link)
  link.use()
  return link
}

function keyOf(settings: SshSettings): string {
  return JSON.stringify(settings)
}

class NoMoreSessions extends Error {}

/** Never with a pty: with one, a cut kills what is to put things back. */
function open(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(new TargetError('the connection was cut', { transient: true }))
    client.once('close', cut)
    try {
      client.exec(command, (error, channel) => {
        client.off('close', cut)
        if (!error) return resolve(channel)
        reject(/open failed|Channel open failure/i.test(error.message) ? new NoMoreSessions() : error)
      })
    } catch (error) {
      client.off('close', cut)
      reject(new TargetError('the connection was cut', { transient: true, cause: error }))
    }
  })
}
