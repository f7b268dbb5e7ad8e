/** Where in a text for POSIX `sh` a position stands. */
export type Where = 'bare' | 'double' | 'single' | 'dollar' | 'heredoc' | 'arithmetic' | 'backslash'

/** Tells of each expression how the shell would read what stands there; the expressions themselves are no shell. */
export function quotingAt(
  text: string,
  expressions: readonly { readonly start: number; readonly end: number }[],
): readonly Where[] {
  const scan = new Scan(text)
  return expressions.map(({ start, end }) => {
    const where = scan.until(start)
    // A comment and a line of a heredoc are passed over as a whole.
    scan.at = Math.max(scan.at, end)
    return where
  })
}

type Open = 'bare' | 'double' | 'single' | 'dollar' | 'arithmetic' | 'command' | 'backtick'

class Scan {
  at = 0
  readonly #text: string
  readonly #open: Open[] = ['bare']
  /** Words that end the heredocs which begin on the next line. */
  #waiting: string[] = []
  #heredoc: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  until(position: number): Where {
    let escaped = false
    while (this.at < position) escaped = this.#step() && this.at >= position
    if (this.#heredoc !== undefined) return 'heredoc'
    if (escaped) return 'backslash'
    return this.#inside === 'command' || this.#inside === 'backtick' ? 'bare' : this.#inside
  }

  get #inside(): Open {
    return this.#open.at(-1) ?? 'bare'
  }

  /** One character or one token further; true when what follows is escaped. */
  #step(): boolean {
    const rest = this.#text.slice(this.at, this.at + 3)
    if (this.#heredoc !== undefined) {
      this.#stepHeredoc(this.#heredoc)
      return false
    }
    if (this.#inside === 'single') this.#stepSingle(rest)
    else if (this.#inside === 'dollar') this.#stepDollar(rest)
    else if (rest.startsWith('\\')) return this.#stepEscape()
    else if (this.#inside === 'double') this.#stepDouble(rest)
    else if (this.#inside === 'arithmetic') this.#stepArithmetic(rest)
    else this.#stepBare(rest)
    return false
  }

  /** `\${{ … }}` would escape what the expression becomes. */
  #stepEscape(): boolean {
    const isBeforeExpression = this.#text.startsWith('${{', this.at + 1)
    this.at += isBeforeExpression ? 1 : 2
    return isBeforeExpression
  }

  #stepSingle(rest: string): void {
    if (rest.startsWith("'")) this.#open.pop()
    this.at += 1
  }

  /** `$'…'` of bash: a backslash escapes, and nothing is filled in. */
  #stepDollar(rest: string): void {
    if (rest.startsWith("'")) this.#close(1)
    else this.at += rest.startsWith('\\') ? 2 : 1
  }

  #stepDouble(rest: string): void {
    if (rest.startsWith('"')) this.#close(1)
    else this.#stepExpansion(rest)
  }

  #stepArithmetic(rest: string): void {
    if (rest.startsWith('))')) this.#close(2)
    else this.#stepExpansion(rest)
  }

  #stepBare(rest: string): void {
    const first = rest.charAt(0)
    if (first === "'") this.#begin('single', 1)
    else if (rest.startsWith("$'")) this.#begin('dollar', 2)
    else if (first === '"') this.#begin('double', 1)
    else if (first === '(' && this.#inside === 'command') this.#begin('command', 1)
    else if (first === ')' && this.#inside === 'command') this.#close(1)
    else if (first === '#' && /^$|[\s;&|(]/.test(this.#text.charAt(this.at - 1))) this.#skipComment()
    else if (first === '\n' && this.#waiting.length > 0) this.#beginHeredoc()
    else if (rest.startsWith('<<') && this.#noteHeredoc()) return
    else this.#stepExpansion(rest)
  }

  /** What opens a context of its own, within double quotes too. */
  #stepExpansion(rest: string): void {
    if (rest === '$((') this.#begin('arithmetic', 3)
    else if (rest.startsWith('$(')) this.#begin('command', 2)
    else if (rest.startsWith('`')) {
      if (this.#inside === 'backtick') this.#close(1)
      else this.#begin('backtick', 1)
    } else this.at += 1
  }

  #begin(what: Open, length: number): void {
    this.#open.push(what)
    this.at += length
  }

  #close(length: number): void {
    this.#open.pop()
    this.at += length
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.at)
    this.at = end === -1 ? this.#text.length : end
  }

  #noteHeredoc(): boolean {
    const [whole, word] = /^<<-?[ \t]*["'\\]?([\w.-]+)["']?/.exec(this.#text.slice(this.at, this.at + 80)) ?? []
    if (whole === undefined || word === undefined || this.#text.charAt(this.at - 1) === '<') return false
    this.#waiting.push(word)
    this.at += whole.length
    return true
  }

  #beginHeredoc(): void {
    this.#heredoc = this.#waiting.shift()
    this.at += 1
  }

  /** One line of a heredoc. */
  #stepHeredoc(word: string): void {
    const end = this.#text.indexOf('\n', this.at)
    const line = this.#text.slice(this.at, end === -1 ? undefined : end)
    // An expression may stand in the line: the end word is looked for in whole lines only.
    const isWhole = this.at === 0 || this.#text.charAt(this.at - 1) === '\n'
    this.at = end === -1 ? this.#text.length : end + 1
    if (!isWhole || line.replace(/^\t+/, '') !== word) return
    this.#heredoc = this.#waiting.shift()
  }
}
