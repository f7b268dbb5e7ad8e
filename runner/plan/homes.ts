/** The targets above a plan, with the kinds that their plugins add; each read once. */
import type { Kinds } from '../contracts/kinds.ts'
import type { Document, TargetSpec } from '../contracts/plan.ts'
import type { Notebook } from './notebook.ts'
import { nearestTargets, targetsOf } from './targets.ts'
import { validateTargets } from './validate.ts'
import type { Validators } from './validators.ts'

export interface Home {
  /** Undefined when something is wrong with the file: then nothing can be said of a plan's targets. */
  readonly targets: ReadonlyMap<string, TargetSpec> | undefined
  readonly kinds: Kinds
  readonly validators: Validators
  /** A plugin could not be loaded: which words there are can't be told. */
  readonly lacksKinds: boolean
}

interface Making {
  kindsFor(targets: Document | undefined): Promise<Kinds>
  validatorsFor(kinds: Kinds): Validators
}

export class Homes {
  readonly #making: Making
  readonly #notebook: Notebook
  readonly #known = new Map<string | undefined, Promise<Home>>()

  constructor(making: Making, notebook: Notebook) {
    this.#making = making
    this.#notebook = notebook
  }

  of(planFile: string): Promise<Home> {
    const path = nearestTargets(planFile)
    const home = this.#known.get(path) ?? this.#read(path)
    this.#known.set(path, home)
    return home
  }

  /** Those of every targets.yaml that was read. */
  async allKinds(): Promise<Kinds> {
    const [first, ...others] = await Promise.all(this.#known.values())
    return others.reduce(
      (all, { kinds }) => together(all, kinds),
      first?.kinds ?? (await this.#making.kindsFor(undefined)),
    )
  }

  async #read(path: string | undefined): Promise<Home> {
    const document = path === undefined ? undefined : this.#notebook.read(path)
    const loaded = await this.#kindsFor(document)
    const kinds = loaded ?? (await this.#making.kindsFor(undefined))
    const home = { kinds, validators: this.#making.validatorsFor(kinds), lacksKinds: loaded === undefined }
    if (document === undefined) return { ...home, targets: path === undefined ? new Map() : undefined }
    const found = home.lacksKinds ? [] : validateTargets(document, kinds, home.validators)
    this.#notebook.add(found)
    const isWrong = home.lacksKinds || found.some(({ level }) => level === 'error')
    return { ...home, targets: isWrong ? undefined : targetsOf(document, kinds) }
  }

  async #kindsFor(document: Document | undefined): Promise<Kinds | undefined> {
    try {
      return await this.#making.kindsFor(document)
    } catch (error) {
      this.#notebook.addError(error)
      return undefined
    }
  }
}

function together(a: Kinds, b: Kinds): Kinds {
  return {
    steps: new Map([...a.steps, ...b.steps]),
    probes: new Map([...a.probes, ...b.probes]),
    faults: new Map([...a.faults, ...b.faults]),
    reporters: new Map([...a.reporters, ...b.reporters]),
    runtimes: new Map([...a.runtimes, ...b.runtimes]),
  }
}
