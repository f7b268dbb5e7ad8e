/** The replacement for a key that a condition does not have. */
import { otherTool } from '../base/other-tools.ts'
import type { ProbeKind } from '../contracts/probe.ts'
import { matcherNames } from '../matchers.ts'

/** `own`: keys of the step that stand beside the condition: `within`, `for`. */
export function conditionHint(word: string, probe: ProbeKind | undefined, own: readonly string[]): string | undefined {
  const meant = otherTool('condition', word)
  const inside = probe && insideProbe(word, probe)
  const isOwn = own.some((key) => meant?.startsWith(`write \`${key}:\``))
  // `timeout` is a word of probes, too.
  return isOwn || !(word === 'timeout' || word === 'command') ? (meant ?? inside) : (inside ?? meant)
}

function insideProbe(word: string, { name, params, fields }: ProbeKind): string | undefined {
  const [first = '', ...others] = Object.keys((params as { properties?: object }).properties ?? {})
  if (word === first || others.includes(word))
    return `it stands inside \`${name}\`: write ${name}: { ${word === first ? '' : `${first}: …, `}${word}: … }`
  const field = Object.keys(fields)[0]
  if (!matcherNames.includes(word) || field === undefined) return undefined
  const list = fields[field]?.type === 'list'
  return `it is a matcher: name a field first, such as ${field}: { ${list ? `any: { ${word}: … }` : `${word}: …`} }`
}
