/**
 * The YAML of a diagnostics block (TAP 14), within what Perl's `prove` reads of it, which is little: mappings, lists of
 * mappings, texts in double quotes, and literal blocks without blank lines or indicators.
 */
export type Yamlish = string | number | { readonly [key: string]: Yamlish | undefined } | readonly YamlishMapping[]
export type YamlishMapping = { readonly [key: string]: Yamlish | undefined }

/** The lines of a mapping. Texts must be clean: their only control characters are tabs and newlines. */
export function yamlish(mapping: YamlishMapping, indent = ''): string[] {
  return Object.entries(mapping).flatMap(([key, value]) =>
    value === undefined ? [] : member(`${indent}${keyText(key)}:`, value, indent),
  )
}

function member(key: string, value: Yamlish, indent: string): string[] {
  if (typeof value === 'number') return [`${key} ${value}`]
  if (typeof value === 'string') return text(key, value, indent)
  if (isList(value)) return [key, ...value.flatMap((item) => listItem(item, `${indent}  `))]
  return [key, ...yamlish(value, `${indent}  `)]
}

function isList(value: Yamlish): value is readonly YamlishMapping[] {
  return Array.isArray(value)
}

function listItem(item: YamlishMapping, indent: string): string[] {
  const [first = '', ...rest] = yamlish(item, `${indent}  `)
  return [`${indent}- ${first.trimStart()}`, ...rest]
}

function text(key: string, value: string, indent: string): string[] {
  const lines = value.replace(/\n+$/, '').split('\n')
  if (lines.length === 1 || /^\s/.test(value)) return [`${key} ${JSON.stringify(value)}`]
  return [`${key} |`, ...lines.map((line) => `${indent}  ${line}`)]
}

function keyText(key: string): string {
  return /^\w[\w-]*$/.test(key) ? key : JSON.stringify(key)
}
