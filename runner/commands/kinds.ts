/** The built-in kinds, and what the plugins of a targets.yaml add. */
import { dirname, resolve } from 'node:path'
import { faultKinds } from '../../steps/faults/index.ts'
import { stepKinds } from '../../steps/index.ts'
import { probeKinds } from '../../steps/probes/index.ts'
import { messageOf, PlanError } from '../contracts/errors.ts'
import { type Kinds, kindsOf, type Pack, withPack } from '../contracts/kinds.ts'
import type { Document } from '../contracts/plan.ts'
import { reporterKinds } from '../report/index.ts'
import { runtimeKinds } from '../targets/index.ts'

export function builtInKinds(): Kinds {
  return kindsOf({
    steps: stepKinds,
    probes: probeKinds,
    faults: faultKinds,
    reporters: reporterKinds,
    runtimes: runtimeKinds,
  })
}

/** Adds the packages that a targets.yaml names under `plugins:`; they are found from where it stands. */
export async function kindsFor(document: Document | undefined): Promise<Kinds> {
  let kinds = builtInKinds()
  const plugins = pluginsOf(document)
  if (document === undefined || plugins.length === 0) return kinds
  provideContracts()
  for (const [index, name] of plugins.entries()) {
    try {
      kinds = withPack(kinds, await load(name, document.file), name)
    } catch (error) {
      throw new PlanError([
        {
          code: 'plugin',
          message: `plugin "${name}" can't be used: ${messageOf(error)}`,
          hint: 'add it with `bun add`, or check its name; a path starts with ./',
          level: 'error',
          place: { file: document.file, path: ['plugins', index] },
        },
      ])
    }
  }
  return kinds
}

function pluginsOf(document: Document | undefined): readonly string[] {
  const plugins = (document?.tree as { plugins?: unknown } | undefined)?.plugins
  return Array.isArray(plugins) ? plugins.filter((name) => typeof name === 'string') : []
}

async function load(name: string, from: string): Promise<Pack> {
  const path = Bun.resolveSync(name, dirname(resolve(from)))
  const module = (await import(path)) as { default?: Pack; shakedown?: Pack }
  const pack = module.shakedown ?? module.default
  if (pack === undefined) throw new Error('it exports neither `default` nor `shakedown`')
  return pack
}

let provided = false

/** `import … from 'shakedown'` in a plugin means this very copy, wherever the plugin is installed. */
function provideContracts(): void {
  if (provided) return
  provided = true
  Bun.plugin({
    name: 'shakedown',
    setup(build) {
      build.module('shakedown', async () => ({ exports: await import('../contracts/index.ts'), loader: 'object' }))
    },
  })
}
