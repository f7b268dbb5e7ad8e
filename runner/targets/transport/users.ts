import { readFileSync } from 'node:fs'

let names: ReadonlyMap<number, string> | undefined

/** The name of a user of this machine; the number where there is none. */
export function userName(uid: number): string {
  names ??= readNames()
  return names.get(uid) ?? String(uid)
}

/** Who runs this. Bun's own `userInfo` believes the environment, and says `unknown` where that is empty. */
export function ownName(): string {
  return userName(process.getuid?.() ?? -1)
}

function readNames(): ReadonlyMap<number, string> {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
    return new Map(lines.map((line) => line.split(':')).map(([name = '', , uid]) => [Number(uid), name]))
  } catch {
    return new Map()
  }
}
