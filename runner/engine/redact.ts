/** Takes secret values out of everything that people may see, in every encoding they commonly appear in. */

const MASK = '‹secret›'
/** Shorter values would take half of every text with them; the run warns about them instead. */
export const SHORTEST_SECRET = 4

export class Redactor {
  #values = new Set<string>()
  #pattern: RegExp | undefined

  /** False when the value is too short to be redacted safely. */
  add(secret: string): boolean {
    if (secret.length < SHORTEST_SECRET) return secret.length === 0
    for (const form of formsOf(secret)) this.#values.add(form)
    // Longest first, so that a secret that holds another one goes as a whole.
    const forms = [...this.#values].sort((a, b) => b.length - a.length)
    this.#pattern = new RegExp(forms.map(escapePattern).join('|'), 'g')
    return true
  }

  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, MASK)
  }

  /** A copy of plain JSON with every string and key redacted. */
  value<T>(value: T): T {
    return this.#pattern === undefined ? value : (this.#walk(value) as T)
  }

  bytes(bytes: Uint8Array): Uint8Array {
    if (this.#pattern === undefined) return bytes
    // latin1 keeps every byte as it is, so binary stays binary around what is replaced.
    const text = Buffer.from(bytes).toString('latin1')
    let redacted = text
    for (const form of [...this.#values].sort((a, b) => b.length - a.length))
      redacted = redacted.replaceAll(Buffer.from(form).toString('latin1'), Buffer.from(MASK).toString('latin1'))
    return redacted === text ? bytes : Buffer.from(redacted, 'latin1')
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#walk(item)]))
    return value
  }
}

function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const forms = [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    secret.replaceAll("'", "'\\''"),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Forms(bytes),
    ...secret.split('\n').filter((line) => line.length >= 8),
  ]
  return new Set(forms.filter((form) => form.length >= SHORTEST_SECRET))
}

/** Within a longer text (`user:secret`) base64 depends on where the secret starts: all three alignments, without their ragged ends. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
    const whole = padded.toString('base64').replace(/=+$/, '')
    const first = Math.ceil((offset * 8) / 6)
    const last = padded.length % 3 === 0 ? whole.length : whole.length - 1
    const core = whole.slice(first, last)
    const url = core.replaceAll('+', '-').replaceAll('/', '_')
    return core.length >= 6 ? [core, url] : []
  })
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
