import { parseYaml } from '../base/yaml/parse.ts'
import { plainOf } from '../base/yaml/plain.ts'

/**
 * The tree of a YAML text that is not a plan, such as a file of inputs: plain values, marked with their spelling. An
 * empty text is null. Throws an Error that says what is wrong and where, in one line.
 */
export function parseTree(text: string): unknown {
  const { yaml, problems } = parseYaml(text)
  const [wrong] = problems
  if (yaml && !wrong) return plainOf(yaml)
  const before = text.slice(0, wrong?.start ?? 0).split('\n')
  throw new Error(
    `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${wrong?.message}; ${wrong?.hint}`,
  )
}
