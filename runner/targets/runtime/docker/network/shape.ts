/** A network rule on a service as a change: made by helpers, held by them, made again when a container gets a new namespace. */
import { randomBytes } from 'node:crypto'
import { CheckFailure, messageOf, TargetError } from '../../../../contracts/errors.ts'
import type { NetworkRule } from '../../../../contracts/target.ts'
import type { Transport } from '../../../../contracts/transport.ts'
import { type Change, type Effective, NOTE } from '../../../../contracts/undo.ts'
import { LEASE, ruleText } from '../../../network/rules.ts'
import { about } from '../about.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../engine-error.ts'
import type { Events } from '../events.ts'
import { type Group, inspect } from '../group.ts'
import type { Inspection } from '../inspection.ts'
import { type Helper, type Said, startHelper } from './helper.ts'
import { helperImage } from './image.ts'

export const FAULT_LABEL = 'shakedown.fault'

export interface Shaping {
  readonly engine: Engine
  readonly events: Events
  readonly shell: string
  readonly image: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** From where the transport is; undefined where the addresses of containers are out of reach. */
  readonly connect: Transport['connect'] | undefined
  note(message: string): void
  group(name: string): Group
  /** Names of all services: what a container can look up. */
  names(): readonly string[]
}

export async function shapeNetwork(shaping: Shaping, group: Group, rule: NetworkRule): Promise<Change> {
  const all = (await group.present()).filter(({ State }) => State.Running)
  if (all.length === 0) throw new CheckFailure(`${group.name} is not running`, { hint: 'start it or restore it first' })
  const token = randomBytes(6).toString('hex')
  const label = `${FAULT_LABEL}=${token}`
  const does = `${wordsOf(rule)} ${group.name}`
  const work = new Shaped(shaping, group, rule, token)
  const touches = [group.name, ...(rule.is === 'drop' ? rule.peers : [])].map((service) => ({ service }))
  const base = about({ group, shell: shaping.shell }, does, {
    title: `the network of ${group.name} is as it was`,
    sh: endHelpers(label),
    verify: helpersEnded(label),
    ends: { by: 'lease', seconds: LEASE },
    settles: (LEASE + 5) * 1_000,
  })
  return {
    ...base,
    touches,
    ...('undo' in base ? { undo: { ...base.undo, touches } } : {}),
    apply: (signal) => work.make(all, signal),
    inEffect: async () => work.effect(),
    // The helper has looked already: looking again would see the same.
    within: 0,
  }
}

function wordsOf(rule: NetworkRule): string {
  if (rule.is === 'drop') {
    const ways = { in: 'drops what comes from', out: 'drops what goes to', both: 'drops what goes to and comes from' }
    return `${ways[rule.direction]} ${rule.peers.join(', ')} at`
  }
  if (rule.is === 'loss') return `loses ${rule.percent} % of the packets of`
  if (rule.is === 'delay')
    return `delays by ${rule.by} ms${rule.jitter > 0 ? ` ± ${rule.jitter} ms` : ''} the packets of`
  if (rule.is === 'rate') return `lets through no more than ${rule.bytes} bytes a second of`
  if (rule.is === 'reject')
    return `refuses connections${rule.ports.length > 0 ? ` on ${rule.ports.join(', ')}` : ''} to`
  return `refuses to look up ${rule.names.length > 0 ? rule.names.join(', ') : 'names'} for`
}

class Shaped {
  readonly #shaping: Shaping
  readonly #group: Group
  readonly #rule: NetworkRule
  readonly #token: string
  #said: readonly Said[] = []
  #helpers: readonly Helper[] = []
  #made = 0
  #listening: AsyncDisposable | undefined
  /** Two starts at once are taken one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(shaping: Shaping, group: Group, rule: NetworkRule, token: string) {
    this.#shaping = shaping
    this.#group = group
    this.#rule = rule
    this.#token = token
  }

  async make(all: readonly Inspection[], signal: AbortSignal, again = false): Promise<void> {
    const { engine, image, note } = this.#shaping
    const name = await helperImage(engine, image, note)
    const peers = await this.#peers(again)
    this.#helpers = await Promise.all(all.map((one) => this.#start(one, name, peers, again, signal)))
    this.#said = this.#helpers.map(({ said }) => said)
    const refused = this.#said.find(({ is }) => is === 'refused')
    if (refused) throw new TargetError(`the rules of a network fault were refused: ${refused.words}`)
    this.#listening ??= await this.#remakeAtStarts()
  }

  effect(): Effective {
    const bad = this.#said.find(({ is }) => is !== 'ready')
    if (bad) return { yes: false, why: bad.words }
    return { yes: true, evidence: this.#said.map(({ words }) => words).join('; ') }
  }

  async #start(
    one: Inspection,
    image: string,
    peers: readonly string[],
    again: boolean,
    signal: AbortSignal,
  ): Promise<Helper> {
    const { engine, labels, names } = this.#shaping
    const table = `shakedown_${this.#token}`
    const rule = this.#rule
    const helper = await startHelper(
      engine,
      {
        image,
        network: `container:${one.Id}`,
        name: `shakedown-${this.#token}-${++this.#made}`,
        labels: { ...labels, [FAULT_LABEL]: this.#token },
        table,
        text: ruleText(table, rule, peers),
        rule,
        peers,
        names: rule.is !== 'dns' ? [] : rule.names.length > 0 ? rule.names : names(),
        again,
      },
      signal,
    )
    if (rule.is !== 'reject' || helper.said.is !== 'ready') return helper
    return { ...helper, said: await refused(this.#shaping, one, helper.said.words, signal) }
  }

  /** Those to cut off; of a delay those that may be asked for the time it takes. */
  async #peers(again: boolean): Promise<readonly string[]> {
    const rule = this.#rule
    if (rule.is !== 'drop' && rule.is !== 'delay') return []
    const others = rule.is === 'drop' ? rule.peers : this.#shaping.names().filter((name) => name !== this.#group.name)
    const groups = others.map((name) => this.#shaping.group(name))
    const all = await Promise.all(groups.map((group) => group.look()))
    const addresses = all.flat().flatMap(addressesOf)
    if (addresses.length > 0 || rule.is === 'delay' || again) return addresses
    throw new CheckFailure(`${rule.peers.join(', ')} has no address`, { hint: 'it must be running' })
  }

  /** A start gives a container a new namespace without rules, and may give a peer another address. */
  #remakeAtStarts(): Promise<AsyncDisposable> {
    const rule = this.#rule
    const groups = [this.#group, ...(rule.is === 'drop' ? rule.peers.map((name) => this.#shaping.group(name)) : [])]
    return this.#shaping.events.listen((event) => {
      if (event?.Action !== 'start') return
      const { ID, Attributes } = event.Actor
      if (!Attributes[FAULT_LABEL] && groups.some((group) => group.concerns(ID, Attributes)))
        this.#turn = this.#turn
          .then(() => this.#remake())
          .catch((error) => this.#shaping.note(`a network fault could not be made again: ${messageOf(error)}`))
    })
  }

  /** The undo removes the helpers: when they are gone, there is nothing to make again; when they go meanwhile, the new ones go, too. */
  async #remake(): Promise<void> {
    const { engine, note } = this.#shaping
    const old = this.#helpers
    if (await areGone(engine, old)) return void (await this.#listening?.[Symbol.asyncDispose]())
    const all = (await this.#group.lookAnew()).filter(({ State }) => State.Running)
    if (all.length === 0) return
    await this.make(all, new AbortController().signal, true)
    const undone = await areGone(engine, old)
    for (const { id } of undone ? this.#helpers : old) await end(engine, id)
    if (undone) return
    const seen = this.effect()
    note(
      seen.yes
        ? `a network fault of ${this.#group.name} was made again: ${seen.evidence}`
        : `a network fault of ${this.#group.name} has no effect since its restart: ${seen.why}`,
    )
  }
}

async function areGone(engine: Engine, helpers: readonly Helper[]): Promise<boolean> {
  const found = await Promise.all(helpers.map(({ id }) => inspect(engine, id)))
  return found.every((one) => one === undefined)
}

/** What comes in is refused, which only somebody outside can see. `ports` are those that the service listens on. */
async function refused({ connect }: Shaping, one: Inspection, ports: string, signal: AbortSignal): Promise<Said> {
  const says = `connections to ${ports.trim().split(' ').join(', ')} are refused`
  const [host] = addressesOf(one)
  const [port] = ports.trim().split(' ').map(Number)
  if (!connect || host === undefined || !port) return { is: 'ready', words: says }
  try {
    const socket = await connect({ host, port }, AbortSignal.any([signal, AbortSignal.timeout(1_000)]))
    socket.destroy()
    return { is: 'without', words: `its port ${port} still takes connections` }
  } catch (error) {
    const { code = messageOf(error) } = error as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return { is: 'ready', words: says }
    return { is: 'without', words: `its port ${port} does not refuse: ${code}` }
  }
}

async function end(engine: Engine, id: string): Promise<void> {
  try {
    await engine.bytes('POST', `/containers/${id}/stop?t=2`)
    await engine.bytes('DELETE', `/containers/${id}?force=1`)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
  }
}

function addressesOf({ NetworkSettings }: Inspection): string[] {
  return Object.values(NetworkSettings.Networks).flatMap(({ IPAddress, GlobalIPv6Address = '' }) =>
    [IPAddress, GlobalIPv6Address].filter((address) => address !== ''),
  )
}

/**
 * Each is told to take its rules away, and says by its exit code that it has. One that is gone lets them run out. It is
 * looked for others until there are none: one that is made again meanwhile, and saw its forerunner still there, stays.
 */
function endHelpers(label: string): string {
  return `rounds=0
while :; do
  ${listHelpers(label)}
  [ -z "$helpers" ] && exit 0
  rounds=$((rounds + 1))
  [ $rounds -gt 5 ] && refuse "helpers are made again and again: $helpers"
  for one in $helpers; do
    api POST "/containers/$one/kill?signal=TERM"
    case $status in 204 | 404 | 409) ;; *) refuse "the helper $one can't be told to end: $(said)" ;; esac
    api POST "/containers/$one/wait"
    [ "$status" = 404 ] || grep -q '"StatusCode":[034][^0-9]' "$out" || { echo "${NOTE}a helper was killed, so its rules had to run out by themselves"; sleep ${LEASE}; }
    api DELETE "/containers/$one?force=1"
    case $status in 204 | 404 | 409) ;; *) refuse "the helper $one can't be removed: $(said)" ;; esac
  done
done`
}

function helpersEnded(label: string): string {
  return `${listHelpers(label)}
[ -z "$helpers" ] || refuse 'a helper is still there'`
}

function listHelpers(label: string): string {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  return `api GET "/containers/json?all=1&filters=${filters}"
helpers=$(tr ',{' '\\n\\n' <"$out" | sed -n 's/^"Id":"\\([^"]*\\)"$/\\1/p' | sort -u)`
}
