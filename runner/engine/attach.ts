import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PlanError } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import type { World } from './world.ts'

export interface Attaching extends Pick<World, 'emit' | 'redactor' | 'results'> {
  readonly case: string
  readonly step?: string | undefined
}

/** Adds a file to the results, without secrets. Returns its path as the user named the results folder. */
export function attach(to: Attaching, name: string, bytes: Uint8Array | string, place: Place): string {
  const { emit, redactor, results } = to
  const path = join(results.folder, name)
  if (!path.startsWith(`${results.folder}/`))
    throw new PlanError([
      {
        code: 'path-leaves-results',
        message: `"${name}" leaves the results folder`,
        hint: 'give a path below it, without `..`',
        level: 'error',
        place,
      },
    ])
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, redactor.bytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes))
  const named = `${results.named}/${name}`
  emit({ is: 'attachment', case: to.case, ...(to.step === undefined ? {} : { step: to.step }), name, path: named })
  return named
}
