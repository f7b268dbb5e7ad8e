/** What a target of units stands on. */
import { messageOf } from '../../../contracts/errors.ts'
import type { Need } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { unitNameOf } from './known.ts'
import { type Machine, machineBehind } from './machine.ts'
import type { ServiceConfig } from './stack.ts'
import { lookAt } from './unit.ts'

export async function systemdNeeds(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
): Promise<readonly Need[]> {
  try {
    const machine = await machineBehind(transport)
    return [
      { name: 'systemd', there: true, says: machine.version },
      allowed('changes', machine.unprivileged, 'allowed', 'faults, and changes of units'),
      allowed('journal', machine.blind, 'can be read', 'logs of units'),
      machine.freezer
        ? { name: 'freezer', there: true, says: 'cgroup v2' }
        : { name: 'freezer', there: false, says: 'no cgroup v2 alone', for: '`pause` by the kernel (else by signals)' },
      ...(await unitsNeed(machine, (config['services'] ?? {}) as Readonly<Record<string, ServiceConfig>>)),
    ]
  } catch (error) {
    return [{ name: 'systemd', there: false, says: messageOf(error) }]
  }
}

function allowed(name: string, why: string | undefined, says: string, what: string): Need {
  return why === undefined ? { name, there: true, says } : { name, there: false, says: why, for: what }
}

/** Those that are said in plain words, and that the target does not bring itself. */
async function unitsNeed(
  machine: Machine,
  services: Readonly<Record<string, ServiceConfig>>,
): Promise<readonly Need[]> {
  const units = Object.entries(services)
    .filter(([, { unit = '', 'unit-file': file }]) => file === undefined && !unit.includes('${{'))
    .map(([name, { unit = name }]) => unitNameOf(unit))
  if (units.length === 0) return []
  const missing = (await lookAt(machine, units)).filter(({ known }) => !known).map(({ id }) => id)
  if (missing.length === 0) return [{ name: 'units', there: true, says: units.join(', ') }]
  return [
    {
      name: 'units',
      there: false,
      says: `systemd knows no ${missing.join(', ')}`,
      todo: 'write `unit: NAME` (systemctl list-unit-files shows them), or bring one by `unit-file: PATH`',
    },
  ]
}
