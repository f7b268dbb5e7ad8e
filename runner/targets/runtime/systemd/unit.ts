/** How units are, by one `systemctl show`. */
import { quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import type { ServiceState } from '../../../contracts/target.ts'
import type { Machine } from './machine.ts'

const PROPERTIES = [
  ...['Id', 'Description', 'LoadState', 'UnitFileState', 'FragmentPath', 'DropInPaths', 'NeedDaemonReload'],
  ...['ActiveState', 'SubState', 'Result', 'FreezerState', 'InvocationID', 'TriggeredBy', 'ControlGroup'],
  ...['Type', 'MainPID', 'ControlPID', 'NRestarts', 'Restart', 'RestartUSec', 'ExecMainCode', 'ExecMainStatus'],
  ...['ExecMainStartTimestampMonotonic', 'User', 'WorkingDirectory', 'MemoryCurrent', 'TasksCurrent'],
  ...['CPUQuotaPerSecUSec', 'TimeoutStopUSec'],
]

/** A process that is stopped by a signal shows only in the kernel's table. */
const LOOK = `shown=$(systemctl show --no-pager -p "$properties" -- $units) || exit
printf '%s\\n@\\n' "$shown"
printf '%s\\n' "$shown" | while IFS='=' read -r key pid; do
  [ "$key" = MainPID ] && [ "$pid" -gt 0 ] || continue
  { IFS= read -r stat <"/proc/$pid/stat"; } 2>/dev/null && echo "$pid \${stat##*) }"
done
exit 0`

/** A unit at one moment. */
export interface Unit {
  readonly id: string
  /** There is such a unit. */
  readonly known: boolean
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`. */
  readonly active: string
  readonly sub: string
  readonly pid: number | undefined
  /** Frozen by systemd, or its main process stopped by a signal. */
  readonly paused: boolean
  /** Identity of this start; empty when it was not started. */
  readonly invocation: string
  readonly restarts: number
  readonly properties: Readonly<Record<string, string>>
}

/** In the order asked for. Throws a TargetError. */
export async function lookAt(
  machine: Machine,
  units: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Unit[]> {
  const script = LOOK.replace('$units', units.map(quote).join(' '))
  const said = await machine.ask(script, { set: { properties: PROPERTIES.join(',') }, signal })
  const [blocks = '', processes = ''] = said.split('\n@\n')
  const stopped = new Set(
    processes.split('\n').flatMap((line) => (/^\d+ T/.test(line) ? [Number.parseInt(line, 10)] : [])),
  )
  const shown = blocks.split('\n\n').map(propertiesOf)
  if (shown.length !== units.length)
    throw new TargetError(`systemctl tells of ${shown.length} units, asked for ${units.length}`)
  return shown.map((properties) => unitOf(properties, stopped))
}

function propertiesOf(block: string): Record<string, string> {
  const pairs = block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  return Object.fromEntries(pairs.filter(([key]) => key !== ''))
}

function unitOf(properties: Record<string, string>, stopped: ReadonlySet<number>): Unit {
  const of = (key: string) => properties[key] ?? ''
  const pid = Number(of('MainPID')) || undefined
  return {
    id: of('Id'),
    known: !['not-found', 'bad-setting', 'error'].includes(of('LoadState')),
    active: of('ActiveState'),
    sub: of('SubState'),
    pid,
    paused: /^(frozen|freezing)/.test(of('FreezerState')) || (pid !== undefined && stopped.has(pid)),
    invocation: of('InvocationID'),
    restarts: Number(of('NRestarts')) || 0,
    properties,
  }
}

export function isUp({ active }: Unit): boolean {
  return active === 'active' || active === 'reloading'
}

/** What it is called on every runtime; its health is told by who can ask for it. */
export function stateOf(unit: Unit, health: ServiceState['health']): Omit<ServiceState, 'restarts'> {
  const { properties } = unit
  const state = wordFor(unit)
  const gone = state === 'exited'
  const result = properties['Result'] ?? ''
  return {
    state,
    health,
    exit: gone ? exitOf(unit) : undefined,
    why: gone ? WHY[result] : undefined,
    startedAt: gone ? '' : unit.invocation,
    pid: unit.pid,
    memory: numberIn(properties['MemoryCurrent']),
    user: gone ? undefined : properties['User'] || 'root',
    json: { ...properties, state, health },
  }
}

const WHY: Readonly<Record<string, string>> = {
  'oom-kill': 'out of memory',
  'start-limit-hit': 'it was started too often',
  watchdog: 'its watchdog was not fed',
  timeout: 'it took too long',
  resources: 'systemd could not start it',
}

/** A unit that ran and is done, and one that never ran, are told apart only as long as systemd remembers: both are `exited`. */
function wordFor(unit: Unit): ServiceState['state'] {
  if (!unit.known) return 'removed'
  if (unit.active === 'inactive' || unit.active === 'failed') return 'exited'
  if (unit.paused) return 'paused'
  if (unit.sub === 'auto-restart' || unit.sub === 'auto-restart-queued') return 'restarting'
  return unit.sub === 'exited' ? 'exited' : 'running'
}

const EXITED = '1'

/** As a shell would tell: 128 and the signal. Undefined when systemd remembers nothing: it forgets a stopped unit that nothing refers to. */
export function exitOf({ properties }: Unit): number | undefined {
  const code = properties['ExecMainCode']
  if (code === undefined || code === '0') return undefined
  const status = Number(properties['ExecMainStatus'])
  return code === EXITED ? status : 128 + status
}

/** systemd writes `[not set]` or 2^64 - 1 for what it does not count. */
function numberIn(text: string | undefined): number | undefined {
  const number = Number(text)
  return Number.isSafeInteger(number) && text !== '' ? number : undefined
}
