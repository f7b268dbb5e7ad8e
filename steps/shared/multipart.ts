/** Bodies of several parts (RFC 7578): fields, and files of the machine that runs the plan. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { CheckFailure, type Finding, messageOf } from '../../runner/contracts/errors.ts'
import { Type } from '../../runner/contracts/params.ts'
import { type Place, placeAt, placeOf } from '../../runner/contracts/source.ts'

interface FilePart {
  readonly file?: string
  readonly content?: string
  readonly type?: string
  readonly filename?: string
}
type Part = string | number | bigint | boolean | FilePart
export type Parts = Readonly<Record<string, Part | readonly Part[]>>

const TEXT = { type: 'string' }
const PART = {
  type: ['string', 'number', 'boolean', 'object'],
  'x-is': 'text',
  properties: {
    file: { ...TEXT, 'x-is': 'plan-path', description: 'send this file, relative to the plan' },
    content: { ...TEXT, description: 'or send this text as a file' },
    type: { ...TEXT, description: 'its media type (default application/octet-stream)' },
    filename: { ...TEXT, description: 'what the file is called (default: its own name)' },
  },
  additionalProperties: false,
}

export const multipart = Type.Unsafe<Parts>({
  type: 'object',
  minProperties: 1,
  additionalProperties: { ...PART, type: [...PART.type, 'array'], items: PART },
  description: 'a body of several parts: name → a text, {file: PATH}, {content: TEXT}, or a list of them',
})

/** The error in parts as they are written. */
export function checkParts(parts: unknown, place: Place): Finding[] {
  if (typeof parts !== 'object' || parts === null || Array.isArray(parts)) return []
  return Object.entries(parts).flatMap(([name, part]) =>
    Array.isArray(part)
      ? part.flatMap((one, index) => checkPart(one, placeAt(place, name, index)))
      : checkPart(part, placeAt(place, name)),
  )
}

function checkPart(part: unknown, place: Place): Finding[] {
  if (typeof part !== 'object' || part === null) return []
  const { file, content } = part as FilePart
  if ((file === undefined) === (content === undefined))
    return [wrong({ ...place, key: true }, 'bad-part', 'a part that is a mapping has either `file` or `content`')]
  if (typeof file !== 'string' || file.includes('${{') || existsSync(pathOf(file, place))) return []
  return [wrong(placeAt(place, 'file'), 'no-file', `there is no file ${file}`, 'the path is relative to the plan')]
}

function wrong(place: Place, code: string, message: string, hint?: string): Finding {
  return { code, message, place, hint, level: 'error' }
}

/** The body and its content type. Throws a CheckFailure for a file that can't be read. */
export async function sentAs(parts: Parts): Promise<{ body: Uint8Array; headers: Record<string, string> }> {
  const form = new FormData()
  for (const [name, given] of Object.entries(parts))
    for (const part of [given].flat() as Part[])
      if (typeof part === 'object') form.append(name, ...fileOf(part, placeOf(part) ?? placeOf(parts)))
      else form.append(name, String(part))
  const encoded = new Response(form)
  // Bun forgets it once the body is read.
  const type = encoded.headers.get('content-type') ?? ''
  return { body: new Uint8Array(await encoded.arrayBuffer()), headers: { 'content-type': type } }
}

function fileOf({ file, content, type, filename }: FilePart, place: Place | undefined): [Blob, string] {
  const bytes = file === undefined ? Buffer.from(content ?? '') : read(file, place)
  const media = { type: type ?? 'application/octet-stream' }
  return [new Blob([bytes], media), filename ?? (file === undefined ? 'content' : basename(file))]
}

function read(file: string, place: Place | undefined): Buffer<ArrayBuffer> {
  try {
    return readFileSync(pathOf(file, place))
  } catch (error) {
    throw new CheckFailure(`the file ${file} can't be sent: ${messageOf(error)}`, { place })
  }
}

function pathOf(file: string, place: Place | undefined): string {
  return resolve(dirname(place?.file ?? '.'), file)
}

/** For people: what the parts are, without the bytes of files. */
export function shownParts(parts: Parts): string {
  const shown = (part: Part) => {
    if (typeof part !== 'object') return String(part)
    return part.file === undefined ? `content ${part.content}` : `file ${part.file}`
  }
  return Object.entries(parts)
    .flatMap(([name, given]) => ([given].flat() as Part[]).map((part) => `${name}: ${shown(part)}`))
    .join('\n')
}
