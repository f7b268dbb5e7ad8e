import { quote } from '../../runner/contracts/command.ts'
import { listOf, optional, service, shortOr, targetPath, text } from '../../runner/contracts/params.ts'
import { defineProbe, type ProbeContext } from '../../runner/contracts/probe.ts'

interface Made {
  readonly name: string
  readonly file: string
  readonly in?: string
  readonly keys?: readonly string[]
}

/** A hash of a file, or of some keys of it, made on the target: the plain value never travels. */
export const fingerprint = defineProbe({
  name: 'fingerprint',
  summary: 'Compares a file, or some keys of it, with how it was when the case began. Hashed on the target.',
  params: shortOr(
    { type: 'string' },
    {
      name: text('a name, for later conditions'),
      file: targetPath('the file'),
      in: optional(service('inside this service')),
      keys: optional(listOf(text('a key; * stands for anything'), 'only these keys of a .env file')),
    },
    { description: 'the name of one made in the baseline, or how to make one' },
  ),
  fields: { unchanged: { description: 'whether it is as it was in the baseline', type: 'boolean' } },
  bare: { unchanged: true },
  once: true,
  examples: [
    { fingerprint: { name: 'secrets', file: '.env', keys: ['*_TOKEN'] } },
    { fingerprint: 'secrets', unchanged: true },
  ],
  subject: (params) => `fingerprint ${typeof params === 'string' ? params : (params as Made).name}`,
  read: async (params, context) => {
    const name = typeof params === 'string' ? params : params.name
    const known = context.memory.get(keyOf(name)) as { made: Made; hash: string } | undefined
    const asked = typeof params === 'string' ? undefined : (params as Made)
    // A fingerprint that is made now would equal itself.
    if (!known && !(asked && context.isBaseline))
      return { untaken: `no fingerprint "${name}" was made in the baseline` }
    if (known && asked && !Bun.deepEquals(known.made, asked, true))
      return { untaken: `the fingerprint "${name}" was made otherwise in the baseline: give this one another name` }
    const made = known?.made ?? (asked as Made)
    const hash = await hashOf(made, context)
    if ('untaken' in hash) return hash
    if (!known) context.memory.set(keyOf(made.name), { made, hash: hash.sha256 })
    const unchanged = known === undefined || known.hash === hash.sha256
    return { fields: { unchanged }, says: `${made.name} is ${unchanged ? 'unchanged' : 'changed'}` }
  },
})

const keyOf = (name: string) => `fingerprint ${name}`

async function hashOf(
  { file, in: inside, keys }: Made,
  { target, timeout }: ProbeContext,
): Promise<{ sha256: string } | { untaken: string }> {
  const { path } = target.file(file, { in: inside })
  const sh = keys
    ? `grep -aE ${quote(patternOf(keys))} ${quote(path)} | LC_ALL=C sort -s -t= -k1,1 | ${HASH}`
    : `${HASH} < ${quote(path)}`
  const exit = await target.exec(
    { sh: `${readable(path)}\n${keys ? `${oneLine(keys, path)}\n` : ''}${sh}` },
    { timeout, in: inside },
  )
  const sha256 = Buffer.from(exit.stdout).toString().split(' ')[0]?.trim() ?? ''
  if (exit.code !== 0 || sha256 === '')
    return { untaken: `${file}: ${Buffer.from(exit.stderr).toString().trim() || `exit ${exit.code}`}` }
  // The hash of nothing would be unchanged for ever.
  if (keys && sha256 === HASH_OF_NOTHING) return { untaken: `${file}: no key matches ${keys.join(', ')}` }
  return { sha256 }
}

/** A FIFO would block. */
function readable(path: string): string {
  return `[ -r ${quote(path)} ] || { echo "can't read it" >&2; exit 1; }
[ -f ${quote(path)} ] || { echo "it is not a file" >&2; exit 1; }`
}

/** Only the first line of a value over several lines would be hashed. */
function oneLine(keys: readonly string[], path: string): string {
  const open = `${patternOf(keys)}[[:space:]]*("([^"\\]|\\.)*|'[^']*|\`[^\`]*)$`
  return `if grep -aqE ${quote(open)} ${quote(path)}; then echo "a value goes on in the next line: leave out keys" >&2; exit 1; fi`
}

const HASH = '{ sha256sum 2>/dev/null || shasum -a 256; }'
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** As `.env` files are read: see `env-file.ts`. */
function patternOf(keys: readonly string[]): string {
  const one = (key: string) => key.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[A-Za-z0-9_.-]*')
  return `^(\ufeff)?[[:space:]]*(export[[:space:]]+)?(${keys.map(one).join('|')})([[:space:]]*=|:[[:space:]])`
}
