/** Unit files that a target brings: installed below /run, so that no boot finds them, started, and gone with the case. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { quote } from '../../../contracts/command.ts'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'
import type { Change } from '../../../contracts/undo.ts'
import { apply } from './about.ts'
import type { KnownUnit } from './known.ts'
import { madeBy } from './made-by.ts'

const FOLDER = '/run/systemd/system'

export interface Brought {
  readonly known: KnownUnit
  /** What its unit file holds. */
  readonly text: string
}

/** Throws a TargetError. */
export function readUnitFile(path: string, home: string, config: object): string {
  try {
    return readFileSync(resolve(home, path), 'utf8')
  } catch (error) {
    throw new TargetError(`the unit file ${path} can't be read: ${messageOf(error)}`, {
      cause: error,
      details: { place: placeOf(config) },
    })
  }
}

export function bringUnits(all: readonly Brought[], untilReady: (signal: AbortSignal) => Promise<void>): Change {
  const names = all.map(({ known }) => known.name).join(', ')
  const units = all.map(({ known }) => known.unit)
  return {
    does: `brings and starts ${names}`,
    touches: [],
    undo: {
      of: 'stack',
      title: `the stack (${names}) is gone`,
      sh: removeUnits(units, signOf(all)),
      verify: unitsAreGone(units, signOf(all)),
      settles: 10_000,
      touches: [],
      ends: { by: 'reboot' },
    },
    apply: async (signal) => {
      const [first] = all
      if (!first) return
      for (const { known, text } of all) {
        const set = { path: `${FOLDER}/${known.unit}`, sign: signOf(all) }
        await apply(known, INSTALL, { signal, set, stdin: text })
      }
      const started = `systemctl daemon-reload && systemctl --no-ask-password start -- ${units.map(quote).join(' ')}`
      await apply(first.known, started, { signal })
      await Promise.all(all.map(({ known }) => known.look(signal)))
      await untilReady(signal)
    },
  }
}

function signOf([first]: readonly Brought[]): string {
  return madeBy(first?.known.run ?? '', first?.known.mark ?? '')
}

const INSTALL = `mkdir -p ${FOLDER} && { echo "$sign"; cat; } >"$path.shakedown" && chmod 644 "$path.shakedown" && mv "$path.shakedown" "$path"`

/** Only units of this very run: another one may have brought the same, or somebody installed one of that name. */
function ours(units: readonly string[], sign: string): string {
  return `sign=${quote(sign)}
ours=
for unit in ${units.map(quote).join(' ')}; do
  line=$sign
  { IFS= read -r line <"${FOLDER}/$unit"; } 2>/dev/null
  case $(systemctl show --no-pager -p FragmentPath --value -- "$unit") in
    '' | "${FOLDER}/$unit") [ "$line" = "$sign" ] && ours="$ours $unit" ;;
  esac
done
[ -z "$ours" ] && exit 0`
}

export function removeUnits(units: readonly string[], sign: string): string {
  return `${ours(units, sign)}
systemctl --no-ask-password stop -- $ours 2>/dev/null
for unit in $ours; do rm -f "${FOLDER}/$unit" "${FOLDER}/$unit.shakedown"; done
systemctl daemon-reload || exit 1
systemctl reset-failed -- $ours 2>/dev/null
exit 0`
}

function unitsAreGone(units: readonly string[], sign: string): string {
  return `${ours(units, sign)}
for unit in $ours; do
  state=$(systemctl show --no-pager -p LoadState,ActiveState --value -- "$unit" | tr '\\n' ' ')
  case $state in
    'not-found inactive '*) ;;
    *) echo "$unit is still there: $state" >&2; exit 1 ;;
  esac
done
exit 0`
}
