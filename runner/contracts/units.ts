/** Durations, sizes and rates as people write them. Times are in ms, sizes in bytes. */

const DURATION = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Longer times are slips. It keeps sums of times, and dates in as much time, within what JavaScript can hold. */
export const LONGEST_DURATION = '36500d'
const LONGEST = 36_500 * DURATION.d

/** Milliseconds of `250ms`, `1m30s`, `2h`; undefined for any other text, a bare number and more than 100 years too. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * DURATION[unit as keyof typeof DURATION]
  return total > LONGEST ? undefined : total
}

/** Bytes of `10MB` (decimal) or `10MiB` (binary); undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s?([KMGT]?i?B)$/.exec(text) ?? []
  const factor = unit === undefined ? undefined : SIZE[unit]
  return factor === undefined ? undefined : Number(amount) * factor
}

/** Bytes per hour, minute or second of `1MB/h`, as bytes per second; undefined for any other text. */
export function parseRate(text: string): number | undefined {
  const [, size, per] = /^(.+)\/(s|m|h|d)$/.exec(text) ?? []
  const bytes = size === undefined ? undefined : parseSize(size)
  return bytes === undefined ? undefined : bytes / (DURATION[per as keyof typeof DURATION] / 1_000)
}

/** A duration in the shortest words that keep two figures: `4ms`, `1.2s`, `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return '0ms'
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))}s`
  const seconds = Math.round(ms / 1_000)
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60]
  return [hours && `${hours}h`, minutes && `${minutes}m`, rest && `${rest}s`].filter(Boolean).join('')
}

/** A size in binary units, with one decimal where it is not whole: `512 B`, `1.5 KiB`, `16 MiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)))
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${units[power]}`
}
