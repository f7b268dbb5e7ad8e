/** Finds JSON that `JSON.parse` reads without a word although other readers would see something else. */

/** Deeper documents would overflow the stack of whoever walks through them. */
const DEEPEST = 500

/** Why the document can't be judged; undefined when it can. `document` is what `JSON.parse` made of the text. */
export function checkMembers(json: string, document: unknown): string | undefined {
  const { depth, members } = shapeOf(json)
  if (depth > DEEPEST) return `the JSON document is nested deeper than ${DEEPEST} levels`
  // JSON.parse keeps the last of several equal keys, so members are missing then.
  return members === countMembers(document) ? undefined : repeatedKey(json)
}

/** Depth and number of `key: value` pairs of valid JSON. */
function shapeOf(json: string): { depth: number; members: number } {
  let [level, depth, members, isText] = [0, 0, 0, false]
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) isText = !isText
    else if (isText) at += code === BACKSLASH ? 1 : 0
    else if (code === COLON) members++
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth = Math.max(depth, ++level)
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) level--
  }
  return { depth, members }
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

function countMembers(document: unknown): number {
  let count = 0
  const rest: unknown[] = []
  const look = (value: unknown) => {
    if (typeof value === 'object' && value !== null) rest.push(value)
  }
  look(document)
  while (rest.length > 0) {
    const value = rest.pop() as Record<string, unknown>
    if (Array.isArray(value)) value.forEach(look)
    // Ten times as fast as Object.values, for documents of many MB.
    else
      for (const key in value) {
        count++
        look(value[key])
      }
  }
  return count
}

function repeatedKey(json: string): string {
  const { visit } = require('jsonc-parser') as typeof import('jsonc-parser')
  const open: Set<string>[] = []
  let found: string | undefined
  visit(json, {
    onObjectBegin: () => {
      open.push(new Set())
      return found === undefined
    },
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (name, _offset, _length, line, character) => {
      const keys = open.at(-1)
      if (keys?.has(name))
        found ??= `the key ${JSON.stringify(name)} stands twice in one JSON object (line ${line + 1}, column ${character + 1})`
      keys?.add(name)
    },
  })
  return found ?? 'a key stands twice in one JSON object'
}
