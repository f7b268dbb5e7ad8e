/** A journal on another machine: a folder of the login folder, 0700. What is here of it is a record, and a spare. */
import { existsSync } from 'node:fs'
import { basename, posix } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { ExecOptions, Exit, Transport } from '../contracts/transport.ts'
import type { JournalEntry, UndoState } from '../contracts/undo.ts'
import { uptimeMs } from './identity.ts'
import { CLAIMED, fileOf, filesOf, LOG, markState, parseJournal, removeJournal, textOf } from './journal.ts'

const LIMIT = 60_000
const UNCHANGED = "nothing was changed, since the journal can't be written: "
/** Exit code of ours: the folder is not there. */
const GONE = 66

/** Files are flushed where `sync` takes names, everything where it does not. */
const FLUSH = 'flush() { sync "$@" 2>/dev/null || sync; }'
const STAYS = `[ -d "$folder" ] || exit ${GONE}`

/** Folder of all journals on a machine. */
export function journalsFolderOf(transport: Transport): string {
  return posix.join(transport.folder ?? '/', '.shakedown', 'journal')
}

export class There {
  readonly folder: string
  readonly #transport: Transport
  /** The record on this machine, where there is one. */
  readonly #record: string | undefined

  constructor(transport: Transport, folder: string, record?: string) {
    this.#transport = transport
    this.folder = folder
    this.#record = record
  }

  static of(transport: Transport, record: string): There {
    return new There(transport, posix.join(journalsFolderOf(transport), basename(record)), record)
  }

  async begin(): Promise<void> {
    const script = `${FLUSH}\numask 077\nmkdir -p "$folder" && cat >"$folder/${LOG}" && flush "$folder/${LOG}" "$folder"`
    await this.#demand(script, { stdin: textOf(this.#record ?? '') }, {}, UNCHANGED)
  }

  async bring(id: number): Promise<void> {
    const record = this.#record ?? ''
    const line = textOf(record).trimEnd().split('\n').at(-1) ?? ''
    const own = fileOf('', id, '*')
    const coming = `coming-${id}`
    // The undo comes last and by a rename: half of a script must never be run.
    const script = [
      FLUSH,
      STAYS,
      'umask 077',
      `cd "$folder" && mkdir -p ${coming} && tar -xof - -C ${coming} || { rm -rf "$folder/${coming}"; exit 1; }`,
      `flush ${coming}/* && for file in ${coming}/*; do case $file in *.sh) ;; *) mv "$file" . || exit 1 ;; esac; done`,
      `mv ${coming}/*.sh . && rmdir ${coming} && printf '\\n%s\\n' "$line" >>${LOG} && flush ${own} ${LOG} .`,
    ]
    await this.#demand(script.join('\n'), { stdin: await archiveOf(filesOf(record, id)) }, { line }, UNCHANGED)
  }

  async keep(id: number, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [name, bytes] of Object.entries(files)) {
      const file = fileOf('', id, name)
      const script = `${FLUSH}\n${STAYS}\numask 077\ncd "$folder" && cat >${file}.coming && flush ${file}.coming && mv ${file}.coming ${file}`
      await this.#demand(script, { stdin: bytes })
    }
  }

  async mark(id: number, state: UndoState, message?: string): Promise<void> {
    const line = JSON.stringify({ id, state, uptime: uptimeMs(), ...(message === undefined ? {} : { message }) })
    const script = [STAYS, 'cd "$folder" || exit 1', `say() { printf '\\n%s\\n' "$line" >>${LOG}; }`]
    const own = fileOf('', id, '*')
    // On a full disk what is undone makes room for the word of it, and what is being undone needs none.
    if (state === 'undone') script.push(`say || { rm -f ${own} && say; } || exit 1; rm -f ${own}`)
    else script.push(state === 'undoing' ? 'say || :' : 'say || exit 1')
    if (state === 'drifted') script.push(moved(id, 'sh', 'sh.drifted'))
    await this.#demand(script.join('\n'), {}, { line })
    if (this.#record !== undefined && existsSync(this.#record)) markState(this.#record, id, state, message)
  }

  async has(id: number, name: string): Promise<boolean> {
    const { code } = await this.#run(`[ -e "$folder/"${fileOf('', id, name)} ]`)
    return code === 0
  }

  async read(id: number, name: string): Promise<Uint8Array | undefined> {
    const { code, stdout } = await this.#run(`cat "$folder/"${fileOf('', id, name)}`)
    return code === 0 ? stdout : undefined
  }

  async takeUp(id: number): Promise<void> {
    await this.#run(`cd "$folder" && ${moved(id, 'sh.drifted', 'sh')}`)
  }

  async fenced(): Promise<boolean> {
    return (await this.#run(STAYS)).code === GONE
  }

  async claimed(): Promise<readonly JournalEntry[] | undefined> {
    const { code, stdout } = await this.#run(`cat "$folder${CLAIMED}/${LOG}"`)
    return code === 0 ? parseJournal(Buffer.from(stdout).toString(), '')?.entries : undefined
  }

  async remove(): Promise<void> {
    // The folders above go when they are empty, so that nothing of ours stays on the host.
    await this.#run(`rm -rf "$folder"; cd / && rmdir "\${folder%/*}" "\${folder%/*/*}" 2>/dev/null; :`)
    if (this.#record !== undefined) removeJournal(this.#record)
  }

  async #demand(
    sh: string,
    options: ExecOptions,
    set: Readonly<Record<string, string>> = {},
    first = '',
  ): Promise<void> {
    const exit = await this.#run(sh, options, set)
    if (exit.code === 0) return
    const said = Buffer.from(exit.stderr).toString().trim().split('\n').at(-1)
    throw new TargetError(`${first}${this.folder} on ${this.#transport.address}: ${said || `exit ${exit.code}`}`)
  }

  /** Under a signal of its own: nothing that ends a step or a run may end this. */
  #run(sh: string, options: ExecOptions = {}, set: Readonly<Record<string, string>> = {}): Promise<Exit> {
    const command = { sh, set: { ...set, folder: this.folder } }
    return this.#transport.exec(command, { timeout: LIMIT, cwd: '/', ...options }, new AbortController().signal)
  }
}

function moved(id: number, from: string, to: string): string {
  return `{ [ ! -e ${fileOf('', id, from)} ] || mv ${fileOf('', id, from)} ${fileOf('', id, to)}; }`
}

async function archiveOf(files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const { pack } = await import('tar-stream')
  const archive = pack()
  for (const [name, bytes] of files) archive.entry({ name, mode: 0o600 }, bytes)
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
