/** For tests of this room: plans out of texts, checked with the built-in kinds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { builtInKinds } from '../commands/kinds.ts'
import { isError, type Located } from '../contracts/errors.ts'
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts'
import { compiledValidators } from './validators.ts'

export const targets = `targets:
  demo:
    services:
      web: { command: [sleep, "60"], port: auto }
      db: { command: [sleep, "60"] }
      host-0: { command: [sleep, "60"] }
    variables: { cli: ./cli }
`

/** A folder with these files, beside a targets.yaml with one target. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'shakedown-plan-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.write('targets.yaml', targets)
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  /** The path of a file, as the working directory sees it. */
  at(name: string): string {
    return relative(process.cwd(), join(this.path, name))
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    writeFileSync(join(this.path, name), text)
  }

  prepare(names: readonly string[] = ['plan.yaml'], options: Partial<PrepareOptions> = {}): Promise<Prepared> {
    return prepare(
      names.map((name) => this.at(name)),
      {
        kindsFor: async () => builtInKinds(),
        validatorsFor: compiledValidators,
        targets: undefined,
        inputs: [],
        matrix: {},
        grep: undefined,
        tags: undefined,
        ...options,
      },
    )
  }

  /** What is wrong, as `file:line:column code: message`, warnings included. */
  async problems(names?: readonly string[], options?: Partial<PrepareOptions>): Promise<string[]> {
    try {
      return (await this.prepare(names, options)).warnings.map((one) => this.#shown(one))
    } catch (error) {
      if (!isError(error, 'plan')) throw error
      return error.findings.map((one) => this.#shown(one as Located))
    }
  }

  #shown({ frame, message }: Located): string {
    const file = relative(this.path, join(process.cwd(), frame.file))
    const where = file === 'plan.yaml' ? '' : `${file}:`
    return `${where}${frame.line}:${frame.column} ${message}`
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** What is wrong with one plan; `files` stand beside it. */
export async function problems(
  plan: string,
  files: Readonly<Record<string, string>> = {},
  options: Partial<PrepareOptions> = {},
): Promise<string[]> {
  using folder = new Folder({ 'plan.yaml': plan, ...files })
  return await folder.problems(['plan.yaml'], options)
}

/** A plan of these steps, each a line; the first stands on line 3. */
export function planOf(...steps: readonly string[]): string {
  return `plan: P\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`
}
