/** Expressions as they are written: are they CEL, and is there what they name? */
import { otherTool } from '../../base/other-tools.ts'
import type { Finding } from '../../contracts/errors.ts'
import { type Place, placeAt, placeOf, placeOfKey } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { checkTypes } from '../cel/compile.ts'
import { plainPath } from '../cel/names.ts'
import { wrong } from '../schema-errors.ts'
import { expressionsIn, type NameUsed, namesUsed, ValueError } from '../values.ts'
import { type Members, ROOTS, ROUND_NAMES, type Scope } from './scope.ts'

/** Every text in a plain value, keys of mappings included. */
export function checkValue(value: unknown, place: Place, scope: Scope): Finding[] {
  if (typeof value === 'string') return checkText(value, place, scope)
  if (typeof value !== 'object' || value === null) return []
  const at = placeOf(value) ?? place
  if (Array.isArray(value)) return value.flatMap((item, index) => checkValue(item, placeAt(at, index), scope))
  return Object.entries(value).flatMap(([key, item]) => [
    ...checkText(key, placeOfKey(at, key), scope),
    ...checkValue(item, placeAt(at, key), scope),
  ])
}

/** Every `${{ }}` of a text. */
export function checkText(text: string, place: Place, scope: Scope): Finding[] {
  const foreign = foreignTemplate(text, place)
  if (!text.includes('${{')) return foreign
  try {
    const found = expressionsIn(text).flatMap(({ source, at }) => checkExpression(source, at, place, scope))
    return [...foreign, ...found]
  } catch (error) {
    return [notAnExpression(error, 0, place)]
  }
}

/** Jinja and Mustache. Go templates, as in `docker inspect -f '{{.State}}'`, begin with a dot or a function. */
const TEMPLATE = /(?<!\$)\{\{\s*(?!(?:end|else|break|continue)\s*\}\})[A-Za-z_][\w.]*\s*(?:\|[^}]*)?\}\}/

function foreignTemplate(text: string, place: Place): Finding[] {
  const found = TEMPLATE.exec(text)
  if (!found) return []
  const at = { ...place, span: [found.index, found.index + found[0].length] as const }
  const message = `"${found[0]}" is plain text here`
  return [{ ...wrong(at, 'foreign-template', message, `write $${found[0]} for an expression`), level: 'warning' }]
}

/** CEL with or without `${{ }}`. */
export function checkFlag(value: unknown, place: Place, scope: Scope): Finding[] {
  if (typeof value !== 'string') return []
  return value.includes('${{') ? checkText(value, place, scope) : checkExpression(value.trim(), 0, place, scope)
}

/** The first thing that is wrong with an expression; `from` is where its CEL begins in the text. */
function checkExpression(source: string, from: number, place: Place, scope: Scope): Finding[] {
  const spot = ([start, end]: readonly [number, number]) => ({ ...place, span: [from + start, from + end] as const })
  try {
    const hyphen = subtractedService(source, scope)
    if (hyphen) return [wrong(spot(hyphen.span), 'hyphen', hyphen.message, hyphen.hint)]
    for (const name of namesUsed(source)) {
      const unknown = unknownIn(name, source, scope)
      if (unknown) return [wrong(spot(unknown.span), 'unknown-name', unknown.message, unknown.hint)]
    }
    const bad = plainPath(source) ? undefined : checkTypes(source)
    return bad ? [notAnExpression(bad, from, place)] : []
  } catch (error) {
    return [notAnExpression(error, from, place)]
  }
}

function notAnExpression(error: unknown, from: number, place: Place): Finding {
  if (!(error instanceof ValueError)) throw error
  const at = { ...place, span: [from + error.start, from + error.end] as const }
  const missing = /^there is no function (?:\w+\.)?(\w+)\(/.exec(error.message)?.[1]
  const hint = (missing && otherTool('function', missing)) ?? 'expressions are CEL: ${{ inputs.name }}, ${{ n + 1 }}'
  return wrong(at, 'bad-expression', `not an expression: ${error.message}`, hint)
}

interface Unknown {
  readonly message: string
  readonly hint?: string | undefined
  readonly span: readonly [number, number]
}

/** `services.host-0.url` is CEL, and takes 0 from `services.host`. */
function subtractedService(source: string, { roots }: Scope): Unknown | undefined {
  for (const found of source.matchAll(/\bservices\.([A-Za-z_]\w*)((?:-\w+)+)/g)) {
    const [whole, first = '', rest = ''] = found
    if (roots['services']?.has(first)) continue
    return {
      message: `with a dot, "${whole}" is a subtraction`,
      hint: `write services['${first}${rest}']`,
      span: [found.index, found.index + whole.length],
    }
  }
  return undefined
}

function unknownIn(name: NameUsed, source: string, scope: Scope): Unknown | undefined {
  if (scope.names.has(name.root)) return undefined
  if (!(ROOTS as readonly string[]).includes(name.root)) return unknownName(name, scope)
  return unknownMember(name, source, scope)
}

function unknownName({ root, start }: NameUsed, { names, roots, later, open }: Scope): Unknown | undefined {
  if (open) return undefined
  const span = [start, start + root.length] as const
  if ((ROUND_NAMES as readonly string[]).includes(root))
    return { message: `"${root}" is there only inside of for-each and repeat`, span }
  if (later.has(root))
    return { message: `nothing is named "${root}" yet`, hint: 'the step that captures it has to come before', span }
  const holder = ROOTS.find((one) => roots[one]?.has(root))
  const hint = holder ? `did you mean "${holder}.${root}"?` : didYouMean(root, [...names, ...ROOTS])
  const foreign = otherTool('root', root)
  return {
    message: `nothing is named "${root}" here; ${hint}`,
    hint: foreign ?? 'a capture is there in the steps after it',
    span,
  }
}

function unknownMember({ root, path, start, end, asked }: NameUsed, source: string, scope: Scope): Unknown | undefined {
  let members = scope.roots[root]
  let before = root
  for (const [index, member] of path.entries()) {
    if (members === undefined || (asked && index === path.length - 1)) return undefined
    if (!members.has(member)) {
      const span = spanOf(source, [start, end], before, member)
      return { message: `${lacking(before, member)}; ${existing(member, members)}`, span }
    }
    members = members.get(member)
    before = `${before}.${member}`
  }
  return undefined
}

/** The member itself where it stands behind dots, else the whole name. */
function spanOf(
  source: string,
  [start, end]: readonly [number, number],
  before: string,
  member: string,
): readonly [number, number] {
  const at = start + before.length + 1
  return source.startsWith(`${before}.${member}`, start) ? [at, at + member.length] : [start, end]
}

const SINGULAR: Readonly<Record<string, string>> = {
  inputs: 'input',
  variables: 'variable',
  secrets: 'secret',
  services: 'service',
  matrix: 'axis',
}

function lacking(before: string, member: string): string {
  const what = SINGULAR[before]
  return what === undefined ? `${before} has no "${member}"` : `there is no ${what} "${member}"`
}

function existing(member: string, members: Members): string {
  return members.size === 0 ? 'there are none' : didYouMean(member, members.keys())
}

/** Whether a text fills in what holds a secret. What is no expression at all is told elsewhere. */
export function usesSecret(value: unknown, scope: Scope): boolean {
  if (typeof value === 'string') return value.includes('${{') && textUsesSecret(value, scope)
  return typeof value === 'object' && value !== null && Object.values(value).some((item) => usesSecret(item, scope))
}

function textUsesSecret(text: string, { secret }: Scope): boolean {
  try {
    return expressionsIn(text).some(({ source }) => namesUsed(source).some((name) => holdsSecret(name, secret)))
  } catch (error) {
    if (error instanceof ValueError) return false
    throw error
  }
}

function holdsSecret({ root, member }: NameUsed, secret: ReadonlySet<string>): boolean {
  if (secret.has(root)) return true
  return member === undefined ? [...secret].some((one) => one.startsWith(`${root}.`)) : secret.has(`${root}.${member}`)
}
