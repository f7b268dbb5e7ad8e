/** Which other units go down with one, as they require it. */
import { quote } from '../../../contracts/command.ts'
import type { KnownUnit } from './known.ts'
import type { Machine } from './machine.ts'

/** What is stopped as well when a unit is stopped. */
const WITH_A_STOP = 'RequiredBy RequisiteOf BoundBy ConsistsOf'.split(' ')
/** What is stopped as well when a unit ends by itself. */
const WITH_AN_END = ['BoundBy']

/** Active units that a stop takes down, too. Targets are left out: a start of one starts all that it wants. */
export function stoppedWith({ machine, unit }: KnownUnit): Promise<readonly string[]> {
  return follow(machine, unit, () => WITH_A_STOP)
}

/** Active units that an end takes down, too: those that are stopped for it stop others in turn. */
export function endedWith({ machine, unit }: KnownUnit): Promise<readonly string[]> {
  return follow(machine, unit, (first) => (first ? WITH_AN_END : WITH_A_STOP))
}

/** What is started as well when a unit is started. */
const WITH_A_START = ['Requires', 'Wants', 'BindsTo']

/** Inactive services that a start brings up, too. Targets are left out: those that systemd itself needs are up. */
export async function startedWith({ machine, unit }: KnownUnit): Promise<readonly string[]> {
  return follow(
    machine,
    unit,
    () => WITH_A_START,
    (one) => !one.up && /\.(service|socket|timer|path)$/.test(one.id),
  )
}

async function follow(
  machine: Machine,
  unit: string,
  ties: (first: boolean) => readonly string[],
  counts = (one: { id: string; up: boolean }) => one.up && !one.id.endsWith('.target'),
): Promise<readonly string[]> {
  const seen = new Set([unit])
  const counted = new Set<string>()
  let next = [unit]
  for (let first = true; next.length > 0; first = false) {
    const found = await tiesOf(machine, next, ties(first))
    if (!first) for (const one of found) if (counts(one)) counted.add(one.id)
    // What is up, or down, already changes nothing further.
    const on = first ? found : found.filter(counts)
    next = [...new Set(on.flatMap(({ others }) => others))].filter((other) => !seen.has(other))
    for (const other of next) seen.add(other)
  }
  return [...counted]
}

async function tiesOf(machine: Machine, units: readonly string[], ties: readonly string[]) {
  const said = await machine.ask(
    `systemctl show --no-pager -p Id,ActiveState,${ties.join(',')} -- ${units.map(quote).join(' ')}`,
  )
  return said.split('\n\n').map((block) => {
    const all = new Map(block.split('\n').map((line) => line.split('=', 2) as [string, string]))
    return {
      id: all.get('Id') ?? '',
      up: all.get('ActiveState') === 'active',
      others: ties.flatMap((tie) => (all.get(tie) ?? '').split(' ').filter(Boolean)),
    }
  })
}
