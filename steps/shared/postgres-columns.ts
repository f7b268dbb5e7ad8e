/** Names of columns in what a PostgreSQL server answers: the driver gives rows as mappings, where one of two columns is lost. */

const ROW_DESCRIPTION = 'T'.charCodeAt(0)
/** Bytes behind each name (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const ABOUT = 18

/** Is fed what the server sends, and knows the columns of the last answer. */
export class PostgresColumns {
  #rest: Buffer = Buffer.alloc(0)
  #names: readonly string[] = []

  get names(): readonly string[] {
    return this.#names
  }

  feed(chunk: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= 5) {
      const end = 1 + this.#rest.readUInt32BE(1)
      if (this.#rest.length < end) return
      if (this.#rest[0] === ROW_DESCRIPTION) this.#names = namesIn(this.#rest.subarray(5, end))
      this.#rest = this.#rest.subarray(end)
    }
  }
}

function namesIn(body: Buffer): string[] {
  const count = body.readUInt16BE(0)
  const names: string[] = []
  for (let at = 2; names.length < count; ) {
    const end = body.indexOf(0, at)
    names.push(body.toString('utf8', at, end))
    at = end + 1 + ABOUT
  }
  return names
}
