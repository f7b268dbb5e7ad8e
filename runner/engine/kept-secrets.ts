/**
 * The secrets that the files of a journal's entry hold, kept beside them with the same mode: whoever undoes the entry later
 * knows what to mask of what its scripts print.
 */
import type { Redactor } from '../base/redact/redactor.ts'
import type { Place } from './place.ts'

/** The file of an entry: `0001.secrets`. */
export const SECRETS = 'secrets'

export function secretsFile(secrets: Iterable<string>): Uint8Array {
  return Buffer.from(JSON.stringify([...secrets]))
}

/** Learns the secrets of an entry. An unreadable entry has no secrets to mask. */
export async function learnKept(place: Place, id: number, redactor: Redactor): Promise<void> {
  const bytes = await place.read(id, SECRETS)
  for (const secret of bytes === undefined ? [] : parsed(Buffer.from(bytes).toString())) redactor.add(secret)
}

function parsed(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
