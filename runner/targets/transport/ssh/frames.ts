/** Takes the answers of the shell on the host apart, however the chunks fall. */

/** What comes behind whatever a login shell prints. `exact`: as `ready`, and its `head` takes what it is asked for. */
export type Answer = 'exact' | 'ready' | 'none'

export interface Told {
  /** `begun`, `exit`, `cut`, `left`, `full`. */
  word(word: string, slot: number, value: number, how: string): void
  done(slot: number, stdout: Buffer, stderr: Buffer): void
}

const NEWLINE = 10

interface Output {
  readonly is: 'output'
  readonly slot: number
  stdout?: Buffer
}

type State = { readonly is: 'noise' } | { readonly is: 'line' } | Output

export class Frames {
  /** The first word of ours. */
  readonly answer: Promise<Answer>
  told: Told = { word: () => undefined, done: () => undefined }
  readonly #hello: Buffer
  readonly #end: Buffer
  #answered: (word: Answer) => void = () => undefined
  #state: State = { is: 'noise' }
  /** Of the output that is being read: what is looked through, and the tail and newer chunks that are not. */
  #seen: Buffer[] = []
  #rest: Buffer = Buffer.alloc(0)

  constructor(token: string) {
    this.#hello = Buffer.from(`\n${token} `)
    this.#end = Buffer.from(token)
    this.answer = new Promise((resolve) => {
      this.#answered = resolve
    })
  }

  /** What came before anything of ours. */
  noise(): string {
    return this.#state.is === 'noise' ? this.#rest.toString() : ''
  }

  take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (this.#step());
  }

  /** Takes one thing out of what has come; false: more has to come first. */
  #step(): boolean {
    if (this.#state.is === 'noise') return this.#pastNoise()
    return this.#state.is === 'line' ? this.#line() : this.#output(this.#state)
  }

  #pastNoise(): boolean {
    const start = this.#rest.indexOf(this.#hello)
    const end = start === -1 ? -1 : this.#rest.indexOf(NEWLINE, start + this.#hello.length)
    if (end === -1) return false
    const word = this.#rest.subarray(start + this.#hello.length, end).toString()
    this.#rest = this.#rest.subarray(end + 1)
    this.#state = { is: 'line' }
    this.#answered(word as Answer)
    return true
  }

  #line(): boolean {
    const end = this.#rest.indexOf(NEWLINE)
    if (end === -1) return false
    const [word = '', slot, value, how = ''] = this.#rest.subarray(0, end).toString().split(' ')
    this.#rest = this.#rest.subarray(end + 1)
    if (word === 'done') this.#state = { is: 'output', slot: Number(slot) }
    else this.told.word(word, Number(slot), Number(value), how)
    return true
  }

  /** Joining all anew at each chunk would take seconds for 50 MB: only what may hold the start of the end is kept. */
  #output(state: Output): boolean {
    const at = this.#rest.indexOf(this.#end)
    if (at === -1) {
      const sure = this.#rest.length - this.#end.length + 1
      if (sure <= 0) return false
      this.#seen.push(this.#rest.subarray(0, sure))
      this.#rest = this.#rest.subarray(sure)
      return false
    }
    const whole = Buffer.concat([...this.#seen, this.#rest.subarray(0, at)])
    this.#seen = []
    this.#rest = this.#rest.subarray(at + this.#end.length)
    if (state.stdout === undefined) {
      state.stdout = whole
      return true
    }
    this.#state = { is: 'line' }
    this.told.done(state.slot, state.stdout, whole)
    return true
  }
}
