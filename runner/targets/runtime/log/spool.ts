/** A file that only the runner can open: it keeps a log of another machine, however long that is. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Small pieces are written together. */
const PIECE = 256 * 1024

export class Spool {
  readonly file: number
  /** Bytes. */
  size = 0
  #pending: Uint8Array[] = []
  #waiting = 0

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'shakedown-log-'))
    const path = join(folder, 'spool')
    try {
      this.file = openSync(path, 'wx+', 0o600)
    } finally {
      // It has no name from now on, so that nothing is left when we are killed.
      rmSync(folder, { recursive: true, force: true })
    }
  }

  append(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#waiting += bytes.length
    this.size += bytes.length
    if (this.#waiting > PIECE) this.flush()
  }

  /** Call it before the file is read. */
  flush(): void {
    const bytes = Buffer.concat(this.#pending)
    const from = this.size - this.#waiting
    this.#pending = []
    this.#waiting = 0
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.file, bytes, done, bytes.length - done, from + done)
  }

  close(): void {
    closeSync(this.file)
  }
}
