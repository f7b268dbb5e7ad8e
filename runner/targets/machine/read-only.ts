/** A folder that nothing can be written to: it is mounted over itself, read-only. What is open already stays as it is. */
import { quote } from '../../contracts/command.ts'
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE } from '../../contracts/target.ts'
import { type Change, DRIFTED } from '../../contracts/undo.ts'
import { aboutMachine, ask, demand } from './ask.ts'
import type { Machine } from './machine.ts'

export async function readOnly({ transport, home }: Machine, path: string): Promise<Change> {
  const folder = (
    await demand(
      transport,
      `[ -d ${quote(path)} ] || { echo "there is no folder ${quote(path)}"; exit 1; }\nreadlink -f -- ${quote(path)}`,
    )
  ).trim()
  const journals = (await demand(transport, `readlink -f -- ${quote(home)}`)).trim()
  if (holds(folder, journals) || /^\/(proc|sys|dev|run)(\/|$)/.test(folder))
    throw new CheckFailure(
      `${folder} of ${MACHINE} can't be made read-only: what we put it back with (${journals}/.shakedown, /dev/shm) would be, too`,
      { hint: 'name a folder that only the service writes to' },
    )
  if ((await ask(transport, PROBE(folder))).code !== 0)
    throw new CheckFailure(`nothing can be written to ${folder} already`)
  const before = Number(await demand(transport, `${COUNT(folder)}\ncount`))
  return {
    ...aboutMachine(`makes ${folder} of ${MACHINE} read-only`, {
      title: `${folder} of ${MACHINE} can be written to`,
      ends: { by: 'undo' },
      sh: undoScript(folder, before),
      verify: `${COUNT(folder)}\n[ "$(count)" -le ${before} ]`,
    }),
    apply: async (signal) => {
      await demand(
        transport,
        `mount --bind ${quote(folder)} ${quote(folder)} && mount -o remount,bind,ro ${quote(folder)}`,
        { signal },
      )
    },
    inEffect: async () => {
      const { code, words } = await ask(transport, PROBE(folder))
      if (code === 0) return { yes: false, why: `${folder} can still be written to` }
      return { yes: true, evidence: words.split('\n')[0] ?? '' }
    },
  }
}

function holds(folder: string, inner: string): boolean {
  return folder === '/' || inner === folder || inner.startsWith(`${folder}/`)
}

const PROBE = (folder: string) => `file=${quote(folder)}/.shakedown-$$\n: >"$file" && rm -f "$file"`

/** How often something is mounted there; blanks stand in octal in the kernel's list. */
const COUNT = (folder: string) => `folder=${quote(folder)}
count() {
  n=0
  while read -r _ _ _ _ at options _; do
    [ "$(printf %b "$(echo "$at" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')")" = "$folder" ] && n=$((n + 1)) && last=$options
  done </proc/self/mountinfo
  echo $n
}`

/** One that somebody else has mounted over ours is left alone. */
function undoScript(folder: string, before: number): string {
  return `${COUNT(folder)}
count >/dev/null
[ $n -le ${before} ] && exit 0
[ $n -gt ${before + 1} ] && { echo "somebody else has mounted something over $folder" >&2; exit ${DRIFTED}; }
umount "$folder" 2>/dev/null || umount -l "$folder"`
}
