/** JSON text → plain values; integers beyond 2^53 stay exact. Undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text, exactly as (key: string, value: unknown) => unknown)
  } catch {
    return undefined
  }
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !context?.source) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** JSON text of a value, with every digit of large integers. */
export function exactJson(value: unknown): string {
  const raw = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON
  return (
    JSON.stringify(value, (_key, item) =>
      typeof item === 'bigint' ? (raw ? raw(String(item)) : Number(item)) : item,
    ) ?? 'null'
  )
}

/** A long text in short, on one line. */
export function brief(text: string, longest = 160): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= longest ? line : `${line.slice(0, longest)}…`
}
