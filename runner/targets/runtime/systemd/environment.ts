/** Other environment variables for a unit: a drop-in below /run, and a restart. */
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Change, Effective } from '../../../contracts/undo.ts'
import { about, apply, running } from './about.ts'
import type { KnownUnit } from './known.ts'
import { madeBy } from './made-by.ts'
import { isWithoutDropIn, removeDropIn } from './scripts.ts'
import { isUp, type Unit } from './unit.ts'

type Values = Readonly<Record<string, string | null>>

let made = 0

export async function withEnvironment(known: KnownUnit, values: Values): Promise<Change> {
  const { name, unit, mark } = known
  const before = await running(known)
  for (const key of Object.keys(values))
    if (!/^[A-Za-z_]\w*$/.test(key)) throw new CheckFailure(`systemd takes no variable named "${key}"`)
  const path = `/run/systemd/system/${unit}.d/zz-shakedown-${mark}-${++made}`
  return {
    ...about(known, `starts ${name} again with another ${Object.keys(values).join(', ')}`, {
      title: `${name} has its environment`,
      sh: removeDropIn(unit, path),
      verify: isWithoutDropIn(unit, path),
    }),
    apply: async (signal) => {
      await apply(known, WRITE, { signal, set: { path }, stdin: environmentFile(values) })
      await apply(known, INSTALL, { signal, set: { path, unit }, stdin: dropIn(known, path, values) })
    },
    inEffect: () => isStartedWith(known, before, values),
  }
}

/** Values may be secrets: they travel over stdin, and only root reads the file. */
const WRITE = `umask 077
mkdir -p -m 755 "\${path%/*}" && cat >"$path.env"`

const INSTALL = `cat >"$path.conf" && systemctl daemon-reload || exit
systemctl reset-failed -- "$unit" 2>/dev/null
systemctl --no-ask-password restart -- "$unit"`

/** Read last, so that it stands above the unit's own Environment and EnvironmentFile. */
function dropIn({ run, mark }: KnownUnit, path: string, values: Values): string {
  const gone = Object.keys(values).filter((key) => values[key] === null)
  return [
    madeBy(run, mark),
    '[Service]',
    `EnvironmentFile=${path.replaceAll('%', '%%')}.env`,
    ...gone.map((key) => `UnsetEnvironment=${key}`),
    '',
  ].join('\n')
}

function environmentFile(values: Values): string {
  const lines = Object.entries(values).flatMap(([key, value]) =>
    value === null ? [] : [`${key}="${value.replace(/[\\"$`]/g, '\\$&')}"`],
  )
  return lines.map((line) => `${line}\n`).join('')
}

/** The kernel tells what a process was started with. */
async function isStartedWith(known: KnownUnit, before: Unit, values: Values): Promise<Effective> {
  const { name, machine } = known
  const now = await known.look()
  if (!isUp(now) || now.invocation === before.invocation)
    return { yes: false, why: `${name} is ${now.active} (${now.sub}), and was not started again` }
  if (now.pid === undefined) return { yes: true, evidence: `${name} was started again` }
  const has = new Set((await machine.ask(`cat /proc/${now.pid}/environ`)).split('\0'))
  const names = new Set([...has].map((pair) => pair.split('=', 1)[0]))
  const wrong = Object.entries(values).find(([key, value]) =>
    value === null ? names.has(key) : !has.has(`${key}=${value}`),
  )
  if (wrong) return { yes: false, why: `${wrong[0]} of process ${now.pid} of ${name} is as it was` }
  return { yes: true, evidence: `${name} runs with it as process ${now.pid}` }
}
