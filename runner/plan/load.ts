/** Text → a document with positions. Surprising text is an error with its line. */
import { readFileSync, statSync } from 'node:fs'
import { isMap, type Document as YamlDocument } from 'yaml'
import { parseYaml } from '../base/yaml/parse.ts'
import { plainOf } from '../base/yaml/plain.ts'
import type { YamlProblem } from '../base/yaml/problem.ts'
import { missingBlank } from '../base/yaml/slips.ts'
import { type Located, messageOf, PlanError } from '../contracts/errors.ts'
import type { Document } from '../contracts/plan.ts'
import { markPlace, type Path } from '../contracts/source.ts'
import { frameAt, frameFor } from './frame.ts'

const LARGEST = 5_000_000
/** One slip may make thousands of errors; nobody reads more than these. */
const MOST_FINDINGS = 20

/** Reads a plan, fragment or targets file as the user named it. Throws a PlanError with everything that is wrong with its YAML. */
export function loadDocument(file: string, options: { text?: string } = {}): Document {
  const text = options.text ?? read(file)
  const yaml = parsed(file, text)
  if (!isMap(yaml.contents)) throw new PlanError([notMapping(file, text, yaml)])
  return documentOf(file, text, yaml)
}

/** Reads a file of values: inputs, the rows of a matrix. Throws a PlanError as above; an empty file is null. */
export function loadValues(file: string): Document {
  const text = read(file)
  return documentOf(file, text, parsed(file, text))
}

function documentOf(file: string, text: string, yaml: YamlDocument.Parsed): Document {
  const tree = plainOf(yaml, (value, path: Path) => markPlace(value, { file, path }))
  return { file, tree, frame: (place) => frameFor(file, text, yaml, place) }
}

function read(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > LARGEST) throw new Error(`it has ${Math.round(size / 1e6)} MB, and 5 MB are the limit`)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(readFileSync(file))
  } catch (error) {
    throw new PlanError([wholeFile(file, '', `can't read it: ${whyUnread(error)}`, 'check the path')])
  }
}

function whyUnread(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'this user may not'
  return error instanceof TypeError ? 'it is not UTF-8 text' : messageOf(error)
}

function wholeFile(file: string, text: string, message: string, hint: string): Located {
  return { code: 'file', message, hint, level: 'error', place: { file, path: [] }, frame: frameAt(file, text, 0, 1) }
}

function parsed(file: string, text: string): YamlDocument.Parsed {
  const { yaml, problems } = parseYaml(text)
  if (problems.length > 0 || yaml === undefined)
    throw new PlanError(firstOfEach(text, problems).map((one) => findingOf(file, text, one)))
  return yaml
}

const INDEPENDENT: ReadonlySet<string> = new Set([
  'duplicate_key',
  'tag_resolve_failed',
  'multiple_docs',
  'bad_directive',
])

/** A slip makes a cluster of errors: the first of a line counts, and errors on the next line that follow from it do not. */
function firstOfEach(text: string, problems: readonly YamlProblem[]): YamlProblem[] {
  const first: YamlProblem[] = []
  let [line, counted, last] = [1, 0, -1]
  for (const problem of problems) {
    for (; counted < problem.start; counted++) if (text[counted] === '\n') line++
    if (line === last || (line === last + 1 && !INDEPENDENT.has(problem.code))) continue
    last = line
    if (first.push(problem) === MOST_FINDINGS) break
  }
  return first
}

function findingOf(file: string, text: string, { code, message, hint, start, end }: YamlProblem): Located {
  const frame = frameAt(file, text, start, end - start)
  return { code, message, hint, level: 'error', place: { file, path: [] }, frame }
}

function notMapping(file: string, text: string, { contents }: YamlDocument.Parsed): Located {
  const hint = 'a plan begins with `plan: TITLE`'
  if (contents === null || text.trim() === '') return wholeFile(file, text, 'the file is empty', hint)
  const slip = missingBlank(text, contents.range[0])
  if (slip) return findingOf(file, text, { code: 'missing_blank', ...slip })
  return wholeFile(file, text, 'this is not a mapping', hint)
}
