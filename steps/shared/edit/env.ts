/** Edits a .env file: quotes, `export`, comments and order stay. */
import { Spelled } from '../../../runner/base/spelling.ts'
import { CheckFailure } from '../../../runner/contracts/errors.ts'
import { type EnvEntry, envLines } from '../env-file.ts'
import { type Edit, pathText, type Splice, spliced } from './change.ts'

export async function editEnv(text: string, edits: readonly Edit[]): Promise<string> {
  const { parse } = await import('dotenv')
  return edits.reduce((before, [path, value]) => {
    const [key, ...deeper] = path
    if (typeof key !== 'string' || deeper.length > 0)
      throw new CheckFailure(`a .env file has no nested keys: ${pathText(path)}`, { hint: 'write $.NAME' })
    const after = spliced(before, editOnce(before, key, value))
    const [had, has] = [parse(before), parse(after)]
    const { [key]: _, ...rest } = had
    const expected = value === undefined ? rest : { ...rest, [key]: textOf(key, value) }
    if (Bun.deepEquals(has, expected)) return after
    throw new CheckFailure(`${key} can't be set to that: a .env file has no quotes for it`, {
      hint: 'give the whole `content`',
    })
  }, text)
}

function editOnce(text: string, key: string, value: unknown): readonly Splice[] {
  const { entries, fault } = envLines(text)
  if (fault) throw new CheckFailure(`not .env: line ${text.slice(0, fault.at).split('\n').length}: ${fault.why}`)
  const own = entries.filter((entry) => entry.key === key)
  // The last of several lines with the same key counts.
  const last = own.at(-1)
  if (value === undefined) return own.map(({ start, end }) => ({ from: start, to: end, text: '' }))
  if (last) return [{ from: last.value[0], to: last.value[1], text: quoted(textOf(key, value), last) }]
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const isEnded = text === '' || text.endsWith('\n')
  const line = `${key}=${quoted(textOf(key, value))}`
  return [{ from: text.length, to: text.length, text: isEnded ? `${line}${eol}` : `${eol}${line}` }]
}

function textOf(key: string, value: unknown): string {
  if (value === null)
    throw new CheckFailure(`${pathText([key])} is null, and a .env file holds text`, {
      hint: 'write "" for an empty one, or take it away with `unset`',
    })
  if (typeof value === 'object' && !(value instanceof Spelled))
    throw new CheckFailure(`${pathText([key])} is a list or mapping, and a .env file holds text`)
  return String(value)
}

/** In the quotes that stand there, where they can hold it; else in none, or in those that can. */
function quoted(text: string, { quote }: Pick<EnvEntry, 'quote'> = { quote: '' }): string {
  if (quote !== '' && canHold(quote, text)) return `${quote}${text}${quote}`
  if (quote === '' && /^[\w.:/@%+,-]*$/.test(text)) return text
  const other = ["'", '"', '`'].find((one) => canHold(one, text))
  return other === undefined ? JSON.stringify(text) : `${other}${text}${other}`
}

/** A dollar or a backslash within double quotes means something else to many readers. */
function canHold(quote: string, text: string): boolean {
  return !text.includes(quote) && !(quote === '"' && /[$\\]/.test(text)) && !text.endsWith('\\')
}
