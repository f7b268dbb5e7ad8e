/** Drop-ins and units below /run that carry our sign, whoever made them. */
import { basename, dirname } from 'node:path/posix'
import type { Stray } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { removeUnits } from './bring.ts'
import { machineBehind } from './machine.ts'
import { runOf } from './made-by.ts'
import { removeDropIn } from './scripts.ts'

const FIND = `for file in /run/systemd/system/*.d/zz-shakedown-*.conf /run/systemd/system/*; do
  [ -f "$file" ] && IFS= read -r line <"$file" && printf '%s\\t%s\\n' "$file" "$line"
done 2>/dev/null
exit 0`

/** Throws a TargetError on a machine without systemd. */
export async function straysOf(transport: Transport): Promise<readonly Stray[]> {
  const machine = await machineBehind(transport)
  const found = (await machine.ask(FIND)).split('\n').map((line) => line.split('\t', 2) as [string, string?])
  return found.flatMap(([path, line = '']) => {
    const run = runOf(line)
    if (run === undefined) return []
    const folder = dirname(path)
    const script = folder.endsWith('.d')
      ? removeDropIn(basename(folder, '.d'), path.replace(/\.conf$/, ''))
      : removeUnits([basename(path)], line)
    const says = folder.endsWith('.d') ? `drop-in ${path}` : `unit ${path}`
    return [{ run, says, remove: async () => void (await machine.ask(script, { timeout: 240_000 })) }]
  })
}
