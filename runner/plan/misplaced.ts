/** Words of the language that stand in the wrong place of a step, and words of other tools. */
import { otherTool } from '../base/other-tools.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { StepKind } from '../contracts/step.ts'

/** The replacement for a key that a step does not have; undefined when none is known. */
export function stepHint(word: string, value: unknown, kind: StepKind | undefined, kinds: Kinds): string | undefined {
  const said = `${word}: ${typeof value === 'string' && value.length <= 40 ? value : '…'}`
  return (kind && insideKind(word, said, kind)) ?? registered(word, said, kinds) ?? otherTool('step', word)
}

/** `env` beside `run`, `status` beside `http`. */
function insideKind(word: string, said: string, { name, params, reading }: StepKind): string | undefined {
  const properties = (params as { properties?: Readonly<Record<string, unknown>> }).properties ?? {}
  if (typeof reading === 'object' && Object.hasOwn(reading, word))
    return `it is a field of the reading: write expect: { ${said} }`
  if (!Object.hasOwn(properties, word)) return undefined
  const [first] = Object.keys(properties)
  return `it stands inside \`${name}\`: write ${name}: { ${first === word ? '' : `${first}: …, `}${said} }`
}

/** `kill:` and `logs:` as a step of its own. */
function registered(word: string, said: string, kinds: Kinds): string | undefined {
  if (kinds.faults.has(word)) return `it is a fault: write inject-fault: { ${said} }`
  return kinds.probes.has(word) ? `it is a probe: write assert: { ${said} }` : undefined
}
