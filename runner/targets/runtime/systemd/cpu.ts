/** Less processor time for a unit, until the next boot at the latest. */
import { quote } from '../../../contracts/command.ts'
import { CheckFailure, TargetError } from '../../../contracts/errors.ts'
import type { Change } from '../../../contracts/undo.ts'
import { about, apply, running } from './about.ts'
import type { KnownUnit } from './known.ts'
import { objectOf } from './object.ts'
import { cpuReset, resetCpu } from './scripts.ts'

/** µs a second. */
const SECOND = 1_000_000
/** 2^64 - 1: no limit. */
const UNLIMITED = '18446744073709551615'

export async function limitCpu(known: KnownUnit, cores: number): Promise<Change> {
  const { name, unit } = known
  await running(known)
  const [before = UNLIMITED, kept] = await limitOf(known)
  const during = String(Math.round(cores * SECOND))
  if (before !== UNLIMITED && Number(before) <= Number(during))
    throw new CheckFailure(`${name} has no more than that already`, { hint: 'give a smaller `to`' })
  const quota = before === UNLIMITED ? '' : percentOf(Number(before) / SECOND)
  const reset = { object: objectOf(unit), before, quota, kept: kept === 'kept' }
  const script = `systemctl --no-ask-password set-property --runtime -- ${quote(unit)} CPUQuota=${percentOf(cores)}`
  return {
    ...about(known, `leaves ${name} ${cores} of a processor core`, {
      title: `${name} has its processor time`,
      sh: resetCpu(unit, reset),
      verify: cpuReset(unit, reset),
    }),
    apply: (signal) => apply(known, script, { signal }),
    inEffect: async () => {
      const { properties } = await known.look()
      const [now] = await limitOf(known)
      if (now !== during) return { yes: false, why: `the limit of ${unit} is as it was` }
      const enforced = await known.machine.ask(ENFORCED, { set: { group: properties['ControlGroup'] ?? '' } })
      if (enforced.trim() === '')
        return { yes: false, why: `systemd wrote the limit down, but no cgroup of ${unit} has one` }
      return { yes: true, evidence: `${name} has ${cores} of a core (${enforced.trim()})` }
    },
  }
}

/** What the kernel was told: cgroup v2, or v1. */
const ENFORCED = `for file in "/sys/fs/cgroup$group/cpu.max" "/sys/fs/cgroup/cpu$group/cpu.cfs_quota_us" "/sys/fs/cgroup/cpu,cpuacct$group/cpu.cfs_quota_us"; do
  { IFS= read -r limit <"$file"; } 2>/dev/null || continue
  case $limit in max* | -1) ;; *) echo "\${file##*/} is $limit"; exit 0 ;; esac
done
exit 0`

/** Why no limit would be kept: without a controller for it systemd writes it down, and nothing comes of it. */
export async function lacksCpu({ machine, unit }: KnownUnit): Promise<string | undefined> {
  if (!unit.endsWith('.service')) return `${unit} is no service, and has no processes of its own to limit`
  const said = await machine.ask(CONTROLLED)
  return said.trim() === 'yes'
    ? undefined
    : `the kernel of ${machine.transport.address} limits no processor time of units (no cgroup controller \`cpu\`)`
}

const CONTROLLED = `command -v busctl >/dev/null || exit 0
grep -qsw cpu /sys/fs/cgroup/cgroup.controllers && echo yes && exit 0
for folder in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do [ -w "$folder" ] && echo yes && exit 0; done
exit 0`

/** µs a second, and `kept` where a limit was set at run time before us. */
async function limitOf({ machine, unit }: KnownUnit): Promise<readonly string[]> {
  const said = await machine.ask(
    `busctl get-property org.freedesktop.systemd1 "$object" org.freedesktop.systemd1.Service CPUQuotaPerSecUSec || exit
for folder in /run/systemd/system.control /run/systemd/transient; do
  [ -e "$folder/$unit.d/50-CPUQuota.conf" ] && echo kept && exit 0
done
exit 0`,
    { set: { object: objectOf(unit), unit } },
  )
  const [limit, kept = ''] = said.split('\n')
  const number = /^t (\d+)$/.exec(limit ?? '')?.[1]
  if (number === undefined) throw new TargetError(`systemd does not tell how much processor time ${unit} may have`)
  return [number, kept]
}

/** systemd takes hundredths of a percent. */
function percentOf(cores: number): string {
  return `${Number((cores * 100).toFixed(2))}%`
}
