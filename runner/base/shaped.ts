interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
}

/**
 * Raw params in the shape that their schema gives them, for the functions of a kind that look at them before there are
 * values: an expression in place of a list is a list of it, and one in place of a mapping is an empty mapping.
 */
export function shaped(schema: object | undefined, value: unknown): unknown {
  const { type, properties, items, additionalProperties } = (schema ?? {}) as Schema
  if (typeof value === 'string') {
    const types = [type].flat()
    if (type === undefined || types.includes('string') || !value.includes('${{')) return value
    if (types.includes('array')) return [shaped(items, value)]
    return types.includes('object') ? {} : value
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return same(
      value,
      value.map((item) => shaped(items, item)),
    )
  const members = Object.entries(value).map(([key, item]) => {
    const other = typeof additionalProperties === 'object' ? additionalProperties : undefined
    return [key, shaped(properties?.[key] ?? other, item)] as const
  })
  return same(value, Object.fromEntries(members))
}

/** An unchanged value stays the same object, which knows its place. */
function same(value: object, copy: object): object {
  const [before, after] = [Object.values(value), Object.values(copy)]
  return after.every((item, index) => item === before[index]) ? value : copy
}
