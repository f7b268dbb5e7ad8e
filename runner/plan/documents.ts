/** The plans among paths: files, and folders that are searched for them. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Document } from '../contracts/plan.ts'
import type { Notebook } from './notebook.ts'

/** Each once, in the order of the paths; what is no plan is noted. */
export function* documentsIn(paths: readonly string[], notebook: Notebook): Generator<Document> {
  const seen = new Set<string>()
  for (const path of paths) {
    const isFolder = isFolderAt(path)
    for (const file of isFolder ? filesIn(path) : [path]) {
      if (seen.has(resolve(file))) continue
      seen.add(resolve(file))
      if (isFolder && isForeign(file)) {
        notebook.notes.push(`${file} holds no plan: passed over`)
        continue
      }
      const document = notebook.read(file)
      if (document && isPlan(document, isFolder, notebook)) yield document
    }
  }
}

function isFolderAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      // A pipe would be waited for.
      return /\.ya?ml$/.test(entry.name) && !entry.isFIFO() && !entry.isSocket() ? [path] : []
    })
}

const LOOKED_AT = 256 * 1024
const OURS = /^(\{\s*)?["']?(plan|fragment|targets|steps)["']?\s*:/m

/**
 * Whether a file that was found in a folder belongs to another tool (Compose, Helm, Kubernetes), by its first 256 KiB: it may
 * not even be the YAML that is read here. Letters are compared as bytes, so that a plan in another encoding is still ours.
 */
function isForeign(file: string): boolean {
  const bytes = new Uint8Array(LOOKED_AT)
  try {
    const open = openSync(file, 'r')
    try {
      const text = Buffer.from(bytes.subarray(0, readSync(open, bytes))).toString('latin1')
      return !OURS.test(text.replace(/\0/g, '').replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, ''))
    } finally {
      closeSync(open)
    }
  } catch {
    return false
  }
}

function isPlan({ file, tree }: Document, wasSearched: boolean, notebook: Notebook): boolean {
  const keys = Object.keys(tree as object)
  if (keys.includes('plan')) return true
  const what = keys.includes('targets') ? 'targets' : keys.includes('fragment') ? 'a fragment' : undefined
  // A folder may hold YAML of others; a file that was named, or that has steps, is meant to be a plan.
  if (what === undefined && (!wasSearched || keys.includes('steps'))) return true
  notebook.notes.push(`${file} holds ${what === undefined ? 'no plan' : `${what} and no plan`}: passed over`)
  return false
}
