import { brief } from '../../runner/base/brief.ts'
import { knownText } from '../../runner/base/decode.ts'
import { type Incomplete, incomplete, isIncomplete } from '../../runner/base/incomplete.ts'
import { aKind, fileKinds } from '../../runner/contracts/file-kind.ts'
import { duration, oneOf, optional, service, shortOr, targetPath } from '../../runner/contracts/params.ts'
import { defineProbe, type ProbeContext, type Reading } from '../../runner/contracts/probe.ts'
import type { FileInfo, Files } from '../../runner/contracts/transport.ts'
import { fileText } from '../shared/encoding.ts'
import { type Format, formatOf, formats, readDocument } from '../shared/file-format.ts'
import { timeLimit } from '../shared/time-limit.ts'

/** Bytes of a file that are looked into. */
const MOST = 16 * 1024 * 1024
const CUT = 'cut at 16 MiB'

interface FileParams {
  readonly path: string
  readonly in?: string
  readonly as?: Format
  readonly timeout?: string
}
const detailed = (params: unknown): FileParams =>
  typeof params === 'string' ? { path: params } : (params as FileParams)

/** A file on the target or inside a service. */
export const file = defineProbe({
  name: 'file',
  summary: 'Reads a file on the target, or inside a service.',
  params: shortOr(
    { type: 'string', 'x-is': 'target-path' },
    {
      path: targetPath('the file'),
      in: optional(service('inside this service')),
      as: optional(oneOf(formats, 'its format, when the name does not tell')),
      timeout: optional(duration('how long reading it may take')),
    },
    { description: 'a path, or a mapping with more' },
  ),
  fields: {
    exists: { description: 'whether it is there', type: 'boolean' },
    mode: { description: 'its mode in octal: 0600', type: 'text', digits: 4 },
    owner: { description: 'who owns it', type: 'text' },
    kind: {
      description: 'what is there; a link that leads to a file is both, and `link` alone is one that leads nowhere',
      type: 'any',
      words: fileKinds,
    },
    size: { description: 'its bytes', type: 'number', least: 0 },
    sha256: { description: 'the SHA-256 of its bytes', type: 'any' },
    text: { description: 'its text', type: 'text' },
    json: { description: 'its document: JSON, YAML, TOML, .env or INI; `$` paths look into it', type: 'any' },
  },
  bare: { exists: true },
  examples: [{ file: { path: 'config.json', in: 'gateway' }, expect: { '$.poll': '100ms' } }],
  services: (params) => [detailed(params).in ?? []].flat(),
  subject: (params) => detailed(params).path,
  asked: (params, target) => {
    const { path, in: inside } = detailed(params)
    return `the file ${target.file(path, { in: inside }).path}${inside === undefined ? '' : ` in ${inside}`}`
  },
  read: async (params, context) => {
    const { path, in: inside, timeout } = detailed(params)
    const at = context.target.file(path, { in: inside })
    const info = await at.files.stat(at.path)
    if (!info || info.kind === 'link') return nothingAt(path, info)
    const reading = info.kind === 'file' ? readFile : noFile
    return reading(detailed(params), { ...at, info, asked: asked(context), timeout: timeLimit(timeout, context) })
  },
  watch: (params, { target }, wake) => {
    const { path, in: inside } = detailed(params)
    const at = target.file(path, { in: inside })
    return at.files.watch(at.path, wake)
  },
})

interface Found {
  readonly files: Files
  readonly path: string
  readonly info: FileInfo
  readonly asked: (field: string) => boolean
  readonly timeout: number
}

/** Whether somebody wants to know a field. */
function asked({ asked: names }: ProbeContext): (field: string) => boolean {
  const first = (name: string) => (name.startsWith('$') ? '$' : name.split('.')[0])
  return (field) => names === undefined || [...names].some((name) => first(name) === field)
}

function nothingAt(path: string, info: FileInfo | undefined): Reading {
  if (!info) return { fields: { exists: false }, says: `${path} is not there` }
  return { fields: { exists: false, kind: info.kind }, says: `${path} is ${aKind(info.kind)}` }
}

/** Only a file has content; missing content differs from empty content. */
function noFile({ path }: FileParams, { info }: Found): Reading {
  const unknown = incomplete(`${path} is ${aKind(info.kind)}, and only a file has content`)
  return {
    ...spelledOut(info),
    fields: { ...fieldsOf(info, info.size), sha256: unknown, text: unknown, json: unknown },
    document: unknown,
    says: `${aKind(info.kind)}, ${info.mode}`,
  }
}

/** Only the requested fields are read: the whole of a large file only to hash it, where it is. */
async function readFile(params: FileParams, found: Found): Promise<Reading> {
  const { files, path, info, asked: wants, timeout } = found
  const wantsDocument = wants('json') || wants('$')
  // The kernel reports 0 as the size of its files.
  const wantsContent = wants('text') || wantsDocument || (wants('size') && info.size === 0)
  const bytes = wantsContent ? await files.read(path, { most: MOST + 1, timeout }) : undefined
  if (wantsContent && bytes === undefined) return nothingAt(params.path, undefined)
  const isWhole = bytes !== undefined && bytes.length <= MOST
  const content = bytes && fileText(bytes.subarray(0, MOST), isWhole ? undefined : CUT)
  const sha256 = wants('sha256') ? await hashOf(isWhole ? bytes : undefined, found) : undefined
  const size = isWhole ? bytes.length : info.size
  const read = wantsDocument && content !== undefined ? await documentIn(content, params) : {}
  return {
    ...read,
    ...spelledOut(info),
    fields: { ...fieldsOf(info, size), sha256, text: content, json: read.document },
    says: `${size} bytes, ${info.mode} ${content === undefined ? '' : brief(knownText(content), 80)}`.trimEnd(),
  }
}

function fieldsOf({ mode, owner, kind }: FileInfo, size: number) {
  return { exists: true, mode, owner, kind, size }
}

function spelledOut({ isLink }: FileInfo): Pick<Reading, 'instead'> {
  return isLink === true ? { instead: { kind: 'link' } } : {}
}

async function hashOf(whole: Uint8Array | undefined, { files, path, timeout }: Found): Promise<string | Incomplete> {
  if (whole) return new Bun.CryptoHasher('sha256').update(whole).digest('hex')
  return (await files.sha256(path, { timeout })) ?? incomplete('it was removed while it was read')
}

/** A text that is known in part has no document. */
async function documentIn(
  text: string | Incomplete,
  { path, as }: FileParams,
): Promise<Pick<Reading, 'document' | 'noDocument' | 'text'>> {
  const format = formatOf(path, as)
  const isText = format === 'env' || format === 'ini'
  if (isIncomplete(text)) return { document: incomplete(text.why), text: isText }
  return { ...(await readDocument(format, text, as)), text: isText }
}
