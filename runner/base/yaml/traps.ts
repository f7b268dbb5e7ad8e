/** Four slips that YAML answers with errors nobody understands, or not at all. */

export interface Trap {
  readonly message: string
  readonly hint: string
  readonly start: number
  readonly end: number
}

/** Looks at the line of an error, and the one before it, for a text that has to be quoted. */
export function quoteIt(text: string, position: number): Trap | undefined {
  const from = text.lastIndexOf('\n', Math.max(0, position - 1)) + 1
  const lines = [from, text.lastIndexOf('\n', Math.max(0, from - 2)) + 1]
  for (const start of new Set(lines)) {
    const end = text.indexOf('\n', start)
    const found = trapIn(text.slice(start, end === -1 ? undefined : end), start)
    if (found) return found
  }
  return undefined
}

function trapIn(line: string, start: number): Trap | undefined {
  const trap = ({ index, 0: found }: RegExpExecArray, message: string, hint = `quote it: "${found}"`): Trap => ({
    message,
    hint,
    start: start + index,
    end: start + index + found.length,
  })
  const flow = Math.min(...['[', '{'].map((bracket) => orNever(line.indexOf(bracket))))
  const expression = unquoted(line, /\$\{\{[^}]*\}\}/)
  if (expression && expression.index > flow) return trap(expression, 'an expression within { } or [ ] must be quoted')
  if (expression && / [?] .* : |: /.test(expression[0]))
    return trap(
      expression,
      'an expression with `? :` looks like a mapping to YAML',
      'quote it, or put it in a block scalar (>-)',
    )
  const template = unquoted(line, /(?<=(?:^|[:\-,[{])\s*)\{\{[^}]*\}\}/)
  if (template)
    return trap(template, 'this is the template of another tool', `expressions are written "$${template[0]}"`)
  const path = unquoted(line, /\$[.[][^\s,}]*\[[^\]]*\][^\s,:}]*/)
  if (path && path.index > flow) return trap(path, 'a path with brackets within { } must be quoted')
  const glob = unquoted(line, /(?<=[\s[{,:])\*[\w.*-]+/)
  if (glob) return trap(glob, 'a text that begins with * must be quoted, since YAML takes it for an alias')
  return undefined
}

/** The first match, unless it is within quotes. */
function unquoted(line: string, pattern: RegExp): RegExpExecArray | undefined {
  const found = pattern.exec(line)
  if (!found) return undefined
  const before = line.slice(0, found.index)
  const quotes = (character: string) => before.split(character).length - 1
  return quotes('"') % 2 === 0 && quotes("'") % 2 === 0 ? found : undefined
}

function orNever(index: number): number {
  return index === -1 ? Number.POSITIVE_INFINITY : index
}
