import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Kinds } from '../contracts/kinds.ts'
import { loadDocument } from '../plan/load.ts'
import { kindsFor } from './kinds.ts'

/** The kinds that plans below a folder, or of a targets.yaml, have at hand. */
export async function kindsFrom(path: string): Promise<Kinds> {
  const candidates = isFile(path) ? [path] : [join(path, 'targets.yaml'), join(path, 'plans', 'targets.yaml')]
  const file = candidates.find(isFile)
  return kindsFor(file === undefined ? undefined : loadDocument(file))
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
