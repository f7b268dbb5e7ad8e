import { brief } from '../../runner/base/brief.ts'
import { oneOf, optional, service, shortOr, targetPath } from '../../runner/contracts/params.ts'
import { defineProbe } from '../../runner/contracts/probe.ts'
import { type Format, formatOf, formats, parseAs } from '../shared/file-format.ts'

interface FileParams {
  readonly path: string
  readonly in?: string
  readonly as?: Format
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
    },
    { description: 'a path, or a mapping with more' },
  ),
  fields: {
    exists: { description: 'whether it is there', type: 'boolean' },
    mode: { description: 'its mode in octal: 0600', type: 'text', digits: 4 },
    owner: { description: 'who owns it', type: 'text' },
    sha256: { description: 'the SHA-256 of its bytes', type: 'any' },
    text: { description: 'its text', type: 'text' },
    json: { description: 'its document: JSON, YAML, TOML, .env or INI; `$` paths look into it', type: 'any' },
  },
  bare: { exists: true },
  examples: [{ file: { path: 'config.json', in: 'gateway' }, expect: { '$.poll': '100ms' } }],
  services: (params) => [detailed(params).in ?? []].flat(),
  subject: (params) => detailed(params).path,
  read: async (params, { target }) => {
    const { path, in: inside, as } = detailed(params)
    const at = target.file(path, { in: inside })
    const info = await at.files.stat(at.path)
    const bytes = info?.kind === 'file' ? await at.files.read(at.path) : undefined
    if (!info) return { fields: { exists: false }, says: `${path} is not there` }
    const content = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8')
    const format = formatOf(path, as)
    const document = bytes && (await parseAs(format, content))
    const sha256 = bytes && new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
    return {
      fields: { exists: true, mode: info.mode, owner: info.owner, sha256, text: content, json: document },
      document,
      text: format === 'env' || format === 'ini',
      says: `${info.kind === 'file' ? `${info.size} bytes` : `a ${info.kind}`}, ${info.mode} ${brief(content, 80)}`.trimEnd(),
    }
  },
  watch: (params, { target }, wake) => {
    const { path, in: inside } = detailed(params)
    const at = target.file(path, { in: inside })
    return at.files.watch(at.path, wake)
  },
})
