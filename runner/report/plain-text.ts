/** Text out of a stack may hold anything; what a report shows of it can't steer a terminal, nor break XML or TAP. */
import type { RunEvent } from '../contracts/events.ts'

/** Controls but for tab and newline, what turns the direction of text, line separators, and code points that XML forbids. */
const HARMFUL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/g

/** Colours and cursor movements are taken out, other control characters made visible: `␀`, `\u{202e}`. Keeps lines. */
export function cleanText(text: string): string {
  if (text.isWellFormed() && text.search(HARMFUL) === -1) return text
  const { stripVTControlCharacters } = require('node:util') as typeof import('node:util')
  return stripVTControlCharacters(text.toWellFormed().replaceAll('\r\n', '\n')).replace(HARMFUL, visible)
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return cleanText(text)
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('\t', ' ')
    .trim()
}

/** An event all of whose texts are clean, names and paths too. */
export function cleanEvent(event: RunEvent): RunEvent {
  return isClean(event) ? event : (clean(event) as RunEvent)
}

function isClean(value: unknown): boolean {
  if (typeof value === 'string') return cleanText(value) === value
  if (typeof value !== 'object' || value === null) return true
  for (const key of Object.keys(value))
    if (cleanText(key) !== key || !isClean((value as Record<string, unknown>)[key])) return false
  return true
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [cleanText(key), clean(member)]))
}

function visible(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`
}
