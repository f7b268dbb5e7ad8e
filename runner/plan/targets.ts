/** The targets that a plan can run on: the nearest targets.yaml upwards of it. */
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Kinds } from '../contracts/kinds.ts'
import type { Document, TargetSpec } from '../contracts/plan.ts'

const NAME = 'targets.yaml'

/** The path of the nearest targets.yaml, as the working directory sees it. */
export function nearestTargets(planFile: string): string | undefined {
  for (let folder = dirname(resolve(planFile)); ; folder = dirname(folder)) {
    const file = join(folder, NAME)
    if (existsSync(file)) return relative(process.cwd(), file) || file
    if (folder === dirname(folder)) return undefined
  }
}

/** Each target of a validated document. */
export function targetsOf(document: Document, kinds: Kinds): Map<string, TargetSpec> {
  const { targets = {} } = document.tree as { targets?: Record<string, Record<string, unknown>> }
  const home = dirname(resolve(document.file))
  return new Map(
    Object.entries(targets).map(([name, config]) => {
      const runtime = String(config['runtime'] ?? 'process')
      const services = kinds.runtimes.get(runtime)?.services(config)
      const portless = kinds.runtimes.get(runtime)?.portless?.(config)
      const spec: TargetSpec = {
        name,
        document,
        place: { file: document.file, path: ['targets', name] },
        home,
        runtime,
        config,
        variables: (config['variables'] ?? {}) as Record<string, unknown>,
        defaults: (config['defaults'] ?? {}) as Record<string, unknown>,
        protect: config['protect'] === true,
        ...(services === undefined ? {} : { services }),
        ...(portless === undefined ? {} : { portless }),
      }
      return [name, spec]
    }),
  )
}
