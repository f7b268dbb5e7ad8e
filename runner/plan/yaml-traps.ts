/** Four slips that YAML answers with errors nobody understands, or not at all. */

type Trap = readonly [message: string, hint: string, at: number, length: number]

/** Looks at the line of an error for a text that has to be quoted. */
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
  const flow = Math.min(...['{ ', '[', '{'].map((bracket) => orNever(line.indexOf(bracket))))
  const expression = unquoted(line, /\$\{\{[^}]*\}\}/)
  if (expression && expression.index > flow)
    return [
      `an expression within { } or [ ] must be quoted`,
      `quote it: "${expression[0]}"`,
      start + expression.index,
      expression[0].length,
    ]
  if (expression && / [?] .* : |: /.test(expression[0]))
    return [
      'an expression with `? :` looks like a mapping to YAML',
      `quote it, or put it in a block scalar (>-)`,
      start + expression.index,
      expression[0].length,
    ]
  const path = unquoted(line, /\$[.[][^\s,}]*\[[^\]]*\][^\s,:}]*/)
  if (path && path.index > flow)
    return [
      `a path with brackets within { } must be quoted`,
      `quote it: "${path[0]}"`,
      start + path.index,
      path[0].length,
    ]
  const glob = unquoted(line, /(?<=[\s[{,:])\*[\w.*-]+/)
  if (glob)
    return [
      `a text that begins with * must be quoted, since YAML takes it for an alias`,
      `quote it: "${glob[0]}"`,
      start + glob.index,
      glob[0].length,
    ]
  return undefined
}

/** The first match that does not stand within quotes. */
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
