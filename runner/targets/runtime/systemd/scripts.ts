/** The shell that undoes and verifies what was done to units: guarded, idempotent, and good without the runner. */
import { quote } from '../../../contracts/command.ts'
import { DRIFTED } from '../../../contracts/undo.ts'

const FUNCTIONS = `of() { systemctl show --no-pager -p "$2" --value -- "$1"; }
known() { [ "$(of "$1" LoadState)" != not-found ]; }
up() { case $(of "$1" ActiveState) in active | reloading) return 0 ;; esac; return 1; }
busy() { case $(of "$1" ActiveState) in inactive | failed) return 1 ;; esac; return 0; }
# By a signal, or by the freezer of systemd.
stopped() {
  case $(of "$1" FreezerState) in frozen | freezing) return 0 ;; esac
  pid=$(of "$1" MainPID)
  [ "\${pid:-0}" -gt 0 ] && { IFS= read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
  case \${stat##*) } in T*) return 0 ;; esac
  return 1
}
go_on() {
  case $(of "$1" FreezerState) in frozen | freezing) systemctl thaw -- "$1" ;; esac
  systemctl kill --kill-who=all -s CONT -- "$1" 2>/dev/null
  return 0
}`

/** A unit that systemd no longer knows has nothing to put back; while it does not answer, nothing is known. */
function about(unit: string, unknown = ''): string {
  return `${FUNCTIONS}
unit=${quote(unit)}
[ -n "$(of "$unit" LoadState)" ] || { echo "systemd does not answer" >&2; exit 1; }
known "$unit" || { ${unknown}echo "note: systemd knows no $unit any more"; exit 0; }`
}

/** Starts units that were active before; one whose stop or restart is under way is waited for by systemd itself. */
export function startScript(unit: string, others: readonly string[] = []): string {
  return `${about(unit)}
for one in ${[unit, ...others].map(quote).join(' ')}; do
  known "$one" || continue
  up "$one" && continue
  # What was started too often is not started any more.
  systemctl reset-failed -- "$one" 2>/dev/null
  systemctl --no-ask-password start -- "$one" || exit 1
done
exit 0`
}

/** Signals only its main process; a stopped unit gets no signal. */
export function signalScript(unit: string, signal: string): string {
  return `${about(unit)}
up "$unit" || exit 0
systemctl --no-ask-password kill --kill-who=main -s ${signal} -- "$unit"`
}

export function isRunning(unit: string, others: readonly string[] = []): string {
  return `${about(unit)}
for one in ${[unit, ...others].map(quote).join(' ')}; do
  known "$one" || continue
  up "$one" || { echo "$one is $(of "$one" ActiveState)" >&2; exit 1; }
done
stopped "$unit" && { echo "$unit is paused" >&2; exit 1; }
exit 0`
}

export function stopScript(unit: string, others: readonly string[] = []): string {
  return `${about(unit)}
for one in ${[unit, ...others].map(quote).join(' ')}; do
  busy "$one" || continue
  systemctl --no-ask-password stop -- "$one" || exit 1
done
exit 0`
}

export function isStopped(unit: string, others: readonly string[] = []): string {
  return `${about(unit)}
for one in ${[unit, ...others].map(quote).join(' ')}; do
  busy "$one" && { echo "$one is $(of "$one" ActiveState)" >&2; exit 1; }
done
exit 0`
}

/** Lets the very start go on that was paused. */
export function continueScript(unit: string, invocation: string): string {
  return `${about(unit)}
if [ "$(of "$unit" InvocationID)" = ${quote(invocation)} ] && busy "$unit"; then
  go_on "$unit"
  exit 0
fi
up "$unit" && exit 0
echo "$unit ended while it was paused" >&2
exit ${DRIFTED}`
}

/**
 * Takes a drop-in away. What was done is told by names: `NAME.conf` is in force, `NAME.gone` was taken away and the unit
 * has yet to be started without it.
 */
export function removeDropIn(unit: string, path: string): string {
  return `at=${quote(path)}
${about(unit, 'rm -f "$at".*; ')}
[ -e "$at.conf" ] && { mv "$at.conf" "$at.gone" || exit 1; }
rm -f "$at.env"
if [ -e "$at.gone" ]; then
  systemctl daemon-reload || exit 1
  if busy "$unit"; then
    systemctl reset-failed -- "$unit" 2>/dev/null
    systemctl --no-ask-password restart -- "$unit" || exit 1
  else
    systemctl --no-ask-password start -- "$unit" || exit 1
  fi
  rm -f "$at.gone"
fi
rmdir "\${at%/*}" 2>/dev/null
exit 0`
}

export function isWithoutDropIn(unit: string, path: string): string {
  return `${isRunning(unit).replace(/\nexit 0$/, '')}
for file in ${quote(path)}.*; do [ -e "$file" ] && { echo "$file is still there" >&2; exit 1; }; done
exit 0`
}

/** How much processor time a unit may have: `before` in µs a second, and as CPUQuota takes it. */
export interface CpuReset {
  readonly object: string
  readonly before: string
  readonly quota: string
  /** Whether a limit was set at run time before ours. */
  readonly kept: boolean
}

const QUOTA = `quota() { busctl get-property org.freedesktop.systemd1 "$object" org.freedesktop.systemd1.Service CPUQuotaPerSecUSec | cut -d' ' -f2; }`

/** A limit of the unit's own file is in force again once ours is gone. */
export function resetCpu(unit: string, { object, before, quota, kept }: CpuReset): string {
  const forget = `again=
for folder in /run/systemd/system.control /run/systemd/transient; do
  [ -e "$folder/$unit.d/50-CPUQuota.conf" ] || continue
  rm -f "$folder/$unit.d/50-CPUQuota.conf"
  rmdir "$folder/$unit.d" 2>/dev/null
  again=yes
done
[ -z "$again" ] || systemctl daemon-reload || exit 1`
  return `${about(unit)}
object=${quote(object)}
${QUOTA}
[ "$(quota)" = ${before} ] || systemctl set-property --runtime -- "$unit" ${quote(`CPUQuota=${quota}`)} || exit 1
${kept ? '' : forget}
exit 0`
}

export function cpuReset(unit: string, { object, before, kept }: CpuReset): string {
  const none = `for folder in /run/systemd/system.control /run/systemd/transient; do
  [ -e "$folder/$unit.d/50-CPUQuota.conf" ] && { echo "$folder still limits $unit" >&2; exit 1; }
done`
  return `${about(unit)}
object=${quote(object)}
${QUOTA}
now=$(quota)
[ "$now" = ${before} ] || { echo "$unit has $now µs of processor time a second, and had ${before}" >&2; exit 1; }
${kept ? '' : none}
exit 0`
}
