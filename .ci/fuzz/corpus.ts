/** The files to mutate: every plan, fragment and targets file of the repository, and plans of all examples that kinds give. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { builtInKinds } from '../../runner/commands/kinds.ts'

export interface Seed {
  /** The file that is mutated, in the folder of the copies. */
  readonly file: string
  /** The plan that is prepared: that file, or one that it is read for. */
  readonly plan: string
  readonly text: string
}

const root = join(import.meta.dir, '..', '..')

/** Copies everything into a folder and says what to mutate there. */
export function corpusIn(folder: string): Seed[] {
  const files = [...new Bun.Glob('{plans,examples}/**/*.{yaml,yml}').scanSync(root)].sort()
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  cpSync(join(import.meta.dir, 'plans'), join(folder, 'fuzz'), { recursive: true })
  writeExamples(join(folder, 'fuzz'))
  const all = [...new Bun.Glob('**/*.{yaml,yml}').scanSync(folder)].sort()
  const texts = new Map(all.map((file) => [join(folder, file), readFileSync(join(folder, file), 'utf8')]))
  const plans = [...texts].filter(([, text]) => /^plan:/m.test(text)).map(([file]) => file)
  return [...texts].flatMap(([file, text]) => {
    if (plans.includes(file)) return [{ file, plan: file, text }]
    return readers(file, text, plans, texts).map((plan) => ({ file, plan, text }))
  })
}

/** A plan that reads this fragment or targets file; none for the YAML of other tools. */
function readers(file: string, text: string, plans: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  if (/^targets:/m.test(text))
    return plans.filter((plan) => plan.startsWith(dirname(file)) && !plan.includes('/bad/')).slice(0, 3)
  if (!/^fragment:/m.test(text)) return []
  const name = file.split('/').at(-1) ?? ''
  return plans.filter((plan) => texts.get(plan)?.includes(name)).slice(0, 1)
}

/** A plan for each example of a step, a probe and a fault. */
function writeExamples(folder: string): void {
  const kinds = builtInKinds()
  const steps = [
    ...[...kinds.steps.values()].flatMap(({ name, examples }) => examples.map((example) => ({ [name]: example }))),
    ...[...kinds.probes.values()].flatMap(({ examples }) => examples.map((example) => ({ assert: example }))),
    ...[...kinds.faults.values()].flatMap(({ examples }) => examples.map((example) => ({ 'inject-fault': example }))),
  ]
  for (const [index, step] of steps.entries())
    writeFileSync(join(folder, `example-${index}.yaml`), stringify({ plan: 'Example', target: 'here', steps: [step] }))
}
