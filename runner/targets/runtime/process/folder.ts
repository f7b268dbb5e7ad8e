/** The folder of a service, filled anew for each case. */
import { chmodSync, cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import { placeOf } from '../../../contracts/source.ts'

export function makeFolder(stack: string, name: string): void {
  mkdirSync(join(stack, name, 'files'), { recursive: true, mode: 0o700 })
  writeFileSync(join(stack, name, 'log'), '', { mode: 0o600 })
}

/** Copies what `files` names, with its mode; a copy may be written whatever the original says. Throws a TargetError. */
export function fillFolder(
  folder: string,
  files: Readonly<Record<string, string>>,
  home: string,
  service: string,
): void {
  for (const [name, source] of Object.entries(files)) {
    checkName(name, service, files)
    const to = join(folder, name)
    try {
      mkdirSync(dirname(to), { recursive: true })
      cpSync(resolve(home, source), to, { recursive: true })
      chmodSync(to, statSync(to).mode | 0o200)
    } catch (error) {
      const words = `${source} can't be copied for ${service}: ${messageOf(error)}`
      throw new TargetError(words, { cause: error, details: { place: placeOf(files) } })
    }
  }
}

/** Throws a TargetError for a file that would not be in the service's folder. */
export function checkName(name: string, service: string, files: object): void {
  if (isAbsolute(name) || normalize(name).startsWith('..'))
    throw new TargetError(`"${name}" of ${service} leaves its folder`, { details: { place: placeOf(files) } })
}

/** Values of the environment may be secrets. */
export function writeRun(stack: string, name: string, script: string): void {
  writeFileSync(join(stack, name, 'run'), script, { mode: 0o600 })
}
