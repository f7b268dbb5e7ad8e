/** YAML text → one document, and everything that is wrong with it. YAML 1.2 core; nothing the library says is dropped. */
import { Composer, type CST, isScalar, type YAMLError, type Document as YamlDocument } from 'yaml'
import { nodeProblems } from './nodes.ts'
import type { YamlProblem } from './problem.ts'
import { type Scan, scan } from './scan.ts'
import { wordsOf } from './words.ts'

export interface ReadYaml {
  /** Undefined when it is too deep to be read at all. */
  readonly yaml: YamlDocument.Parsed | undefined
  readonly problems: readonly YamlProblem[]
}

export interface YamlOptions {
  /** Tags, directives and any keys are accepted, as in the files of other tools; their values are `yaml.toJS()`. */
  readonly foreign?: boolean
}

export const DEEPEST = 100

const LIBRARY = {
  prettyErrors: false,
  intAsBigInt: true,
  uniqueKeys: false,
  version: '1.2',
  logLevel: 'silent',
} as const

/** Reads the only document of a text; empty ones (comments, blank lines) before or behind it do not count. */
export function parseYaml(text: string, { foreign = false }: YamlOptions = {}): ReadYaml {
  const scanned = scan(text, DEEPEST)
  const { tokens, tooDeep } = scanned
  if (tooDeep !== undefined) return { yaml: undefined, problems: [deep(tooDeep)] }
  const documents = [...new Composer({ ...LIBRARY, merge: foreign }).compose(tokens, true, text.length)]
  const full = documents.filter((one) => !isEmpty(one))
  const yaml = full[0] ?? (documents[0] as YamlDocument.Parsed)
  const problems = [
    ...documents.flatMap((one) => libraryProblems(text, scanned, one, foreign)),
    ...full.slice(1, 2).map((second) => severalDocuments(second, full.length, tokens)),
    ...(foreign ? [] : strangers(text, tokens)),
  ]
  if (problems.length === 0) problems.push(...nodeProblems(text, yaml, foreign))
  return { yaml, problems: problems.sort((a, b) => a.start - b.start) }
}

function deep(start: number): YamlProblem {
  const message = `nested more than ${DEEPEST} deep`
  return { code: 'too-deep', message, hint: 'use a fragment, or fewer levels', start, end: start + 1 }
}

function isEmpty({ contents }: YamlDocument.Parsed): boolean {
  if (contents === null) return true
  return isScalar(contents) && contents.value === null && !contents.source && !contents.tag && !contents.anchor
}

/** `strangers` reports tags and directives; in files of other tools they are allowed. */
function libraryProblems(text: string, scanned: Scan, yaml: YamlDocument.Parsed, foreign: boolean): YamlProblem[] {
  const errors: readonly YAMLError[] = foreign ? yaml.errors : [...yaml.errors, ...yaml.warnings]
  return errors
    .filter(({ code }) => foreign || (code !== 'TAG_RESOLVE_FAILED' && code !== 'BAD_DIRECTIVE'))
    .map((error) => wordsOf(text, scanned, error))
}

/** At the marker that ends the first document. */
function severalDocuments(second: YamlDocument.Parsed, count: number, tokens: readonly CST.Token[]): YamlProblem {
  const before = tokens.filter(({ type, offset }) => type === 'doc-end' && offset < second.range[0])
  const own = tokens.find((token) => token.type === 'document' && token.offset === second.range[0])
  const marker = own?.type === 'document' ? own.start.find(({ type }) => type === 'doc-start') : undefined
  const start = marker?.offset ?? before.at(-1)?.offset ?? second.range[0]
  const message = `a second document begins here${count > 2 ? ` (there are ${count})` : ''}, and a file holds one`
  return { code: 'multiple_docs', message, hint: 'take what follows into a file of its own', start, end: start + 3 }
}

/** Directives and tags: both change what the text means. */
function strangers(text: string, tokens: readonly CST.Token[]): YamlProblem[] {
  const directives = tokens.flatMap((token) =>
    token.type === 'directive' ? [stranger('directive', token.offset, token.source)] : [],
  )
  const tags = text.includes('!') ? tokens.flatMap((token) => [...tagsIn(token)]) : []
  return [...directives, ...tags.map(({ offset, source }) => stranger('tag', offset, source))]
}

function stranger(what: 'directive' | 'tag', start: number, source: string): YamlProblem {
  const end = start + source.length
  if (what === 'tag') {
    const hint = 'leave it out, or quote the text if it is meant to begin with !'
    return { code: 'tag_resolve_failed', message: `the tag ${source} can't be used here`, hint, start, end }
  }
  const message = `the directive ${source.split(/\s/)[0]} can't be used here: this is YAML 1.2`
  return {
    code: 'bad_directive',
    message,
    hint: 'leave the line out; in YAML 1.2, yes, no and on are text',
    start,
    end,
  }
}

function* tagsIn(token: CST.Token | null | undefined): Generator<CST.SourceToken> {
  if (token?.type === 'document') {
    yield* token.start.filter(({ type }) => type === 'tag')
    yield* tagsIn(token.value)
  }
  if (token?.type !== 'block-map' && token?.type !== 'block-seq' && token?.type !== 'flow-collection') return
  for (const { start, key, sep, value } of token.items) {
    yield* start.filter(({ type }) => type === 'tag')
    yield* tagsIn(key)
    yield* (sep ?? []).filter(({ type }) => type === 'tag')
    yield* tagsIn(value)
  }
}
