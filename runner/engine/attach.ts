import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PlanError } from '../contracts/errors.ts'
import type { Place } from '../contracts/source.ts'
import { maskedPieces } from './masked-pieces.ts'
import type { World } from './world.ts'

export interface Attaching extends Pick<World, 'emit' | 'redactor' | 'results'> {
  readonly case: string
  readonly step?: string | undefined
}

/** Adds a file to the results, without secrets. Returns its path as the user named the results folder. */
export function attach(to: Attaching, name: string, bytes: Uint8Array | string, place: Place): string {
  const path = pathIn(to, name, place)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, to.redactor.bytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes))
  return attached(to, name)
}

/** The same for a text that comes in pieces. Between them others have their turn: a log may be longer than memory. */
export async function attachPieces(
  to: Attaching,
  name: string,
  pieces: Iterable<string>,
  place: Place,
): Promise<string> {
  const path = pathIn(to, name, place)
  mkdirSync(dirname(path), { recursive: true })
  await using file = await open(path, 'w')
  for (const piece of maskedPieces(pieces, to.redactor)) {
    await file.writeFile(piece)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return attached(to, name)
}

function pathIn({ results }: Attaching, name: string, place: Place): string {
  const path = join(results.folder, name)
  if (path.startsWith(`${results.folder}/`)) return path
  throw new PlanError([
    {
      code: 'path-leaves-results',
      message: `"${name}" leaves the results folder`,
      hint: 'give a path below it, without `..`',
      level: 'error',
      place,
    },
  ])
}

function attached({ results, emit, ...to }: Attaching, name: string): string {
  const named = `${results.named}/${name}`
  emit({ is: 'attachment', case: to.case, ...(to.step === undefined ? {} : { step: to.step }), name, path: named })
  return named
}
