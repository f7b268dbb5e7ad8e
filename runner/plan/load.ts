/** Text → a document with positions. YAML 1.2 core; what could surprise a reader is an error with its line. */
import { readFileSync, statSync } from 'node:fs'
import { isMap, parseDocument, type YAMLError, type Document as YamlDocument } from 'yaml'
import { type Located, messageOf, PlanError } from '../contracts/errors.ts'
import type { Document } from '../contracts/plan.ts'
import { frameAt, frameFor } from './frame.ts'
import { treeOf } from './scalars.ts'
import { trapsIn } from './yaml-checks.ts'
import { quoteIt } from './yaml-traps.ts'

const LARGEST = 5_000_000
const DEEPEST = 100
const MOST_ALIASES = 1_000

/** Reads a file as the user named it. Throws a PlanError with everything that is wrong with its YAML. */
export function loadDocument(file: string, options: { text?: string } = {}): Document {
  const text = options.text ?? read(file)
  refuseDepth(file, text)
  const yaml = parseDocument(text, {
    prettyErrors: false,
    merge: true,
    intAsBigInt: true,
    uniqueKeys: true,
    version: '1.2',
    logLevel: 'silent',
  })
  const wrong = [...findings(file, text, yaml)]
  if (wrong.length > 0) throw new PlanError(wrong)
  return {
    file,
    tree: treeOf(yaml, MOST_ALIASES, { file, path: [] }),
    frame: (place) => frameFor(file, text, yaml, place),
  }
}

function read(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > LARGEST) throw new Error(`it has ${Math.round(size / 1e6)} MB; a plan of more than 5 MB can't be meant`)
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

/** A parser that recurses would overflow: depth is counted on the text, generously, before anything is parsed. */
function refuseDepth(file: string, text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    else if (
      character === '\n' &&
      depth > 0 &&
      /^\S/.test(text.slice(at + 1, at + 2)) &&
      !/[[\]{}]/.test(text[at + 1] ?? '')
    )
      depth = 0
    if (depth > DEEPEST || indentOf(text, at) > DEEPEST * 8) throw new PlanError([deepAt(file, text, at)])
  }
  const dashes = /^(?:- ){101,}/m.exec(text)
  if (dashes) throw new PlanError([deepAt(file, text, dashes.index)])
}

function indentOf(text: string, at: number): number {
  if (text[at] !== '\n') return 0
  let end = at + 1
  while (text[end] === ' ') end++
  return text[end] === undefined || text[end] === '\n' ? 0 : end - at - 1
}

function deepAt(file: string, text: string, at: number): Located {
  const frame = frameAt(file, text, at, 1)
  return {
    code: 'too-deep',
    message: `nested more than ${DEEPEST} deep`,
    hint: 'use a fragment',
    level: 'error',
    place: { file, path: [] },
    frame,
  }
}

const INDEPENDENT: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

function* findings(file: string, text: string, yaml: YamlDocument.Parsed): Generator<Located> {
  const seen = new Set<number>()
  for (const error of [...yaml.errors, ...yaml.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    const line = text.slice(0, error.pos[0]).split('\n').length
    // One slip makes a cluster of errors: the first of a line, and none that follows from it on the next.
    if (seen.has(line) || (seen.has(line - 1) && !INDEPENDENT.has(error.code))) continue
    seen.add(line)
    yield yamlFinding(file, text, error)
  }
  if (seen.size > 0) return
  if (yaml.contents === null) yield wholeFile(file, text, 'the file is empty', 'a plan begins with `plan: TITLE`')
  else if (!isMap(yaml.contents)) yield wholeFile(file, text, 'this is no mapping', 'a plan begins with `plan: TITLE`')
  yield* trapsIn(file, text, yaml, MOST_ALIASES)
}

const HINTS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  DUPLICATE_KEY: ['this key is given twice', 'keep one of them'],
  TAB_AS_INDENT: ['a tab can’t indent YAML', 'use spaces'],
  MULTIPLE_DOCS: ['a second document begins here', 'one plan is one file: take the part behind --- into another'],
  TAG_RESOLVE_FAILED: ['unknown tag', 'plans use no tags: leave the ! word out, or quote the text'],
}

function yamlFinding(file: string, text: string, error: YAMLError): Located {
  const unclosed = /must be sufficiently indented and end with|Expected flow (map|sequence) to end/i.test(error.message)
    ? openingBracket(text, error.pos[0])
    : undefined
  const [start, end] = unclosed === undefined ? error.pos : [unclosed, unclosed + 1]
  const trap = quoteIt(text, start)
  const [message, hint] = trap ??
    (unclosed === undefined ? undefined : BRACKET) ??
    HINTS[error.code] ?? [plainMessage(error), 'check quotes, brackets and indentation on this line']
  const frame = frameAt(file, text, trap ? trap[2] : start, trap ? trap[3] : Math.max(1, end - start))
  return { code: error.code.toLowerCase(), message, hint, level: 'error', place: { file, path: [] }, frame }
}

const BRACKET = ['this bracket is never closed', 'close it on the same line, or indent what is inside'] as const

/** The innermost bracket that is still open at a position. */
function openingBracket(text: string, position: number): number | undefined {
  const open: number[] = []
  for (let at = 0; at < position; at++) {
    if (text[at] === '{' || text[at] === '[') open.push(at)
    else if (text[at] === '}' || text[at] === ']') open.pop()
  }
  return open.at(-1)
}

function plainMessage(error: YAMLError): string {
  const [message = ''] = error.message.split('\n')
  return `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}
