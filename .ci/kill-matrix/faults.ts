/** The first step of a trial, by the name of what it changes. `broken` has an undo that does nothing: the harness must notice. */
import type { RuntimeName } from './choice.ts'

interface Change {
  readonly on: readonly RuntimeName[]
  readonly step: string
}

const both: readonly RuntimeName[] = ['process', 'docker']
const docker: readonly RuntimeName[] = ['docker']

const changes: Readonly<Record<string, Change>> = {
  stop: { on: both, step: 'inject-fault: { stop: web }' },
  kill: { on: both, step: 'inject-fault: { kill: web }' },
  pause: { on: both, step: 'inject-fault: { pause: web }' },
  'stop of a service': { on: both, step: 'service: { stop: web }' },
  run: {
    on: both,
    step: 'inject-fault: { run: "mv here.txt gone.txt", undo: "[ ! -e gone.txt ] || mv gone.txt here.txt", verify: "test -e here.txt" }',
  },
  'apply-config': { on: both, step: 'apply-config: { file: config.json, set: { $.pool: test }, then: "sleep 0.1" }' },
  'apply-config inside': { on: docker, step: 'apply-config: { file: /etc/conf.json, in: web, set: { $.pool: test } }' },
  remove: { on: docker, step: 'inject-fault: { remove: web }' },
  disconnect: { on: docker, step: 'inject-fault: { disconnect: web }' },
  cpu: { on: docker, step: 'inject-fault: { cpu: web, to: 0.2 }' },
  env: { on: docker, step: 'inject-fault: { env: web, set: { COLOR: red } }' },
  partition: { on: docker, step: 'inject-fault: { partition: [[web], [other]] }' },
  loss: { on: docker, step: 'inject-fault: { loss: web, percent: 60 }' },
}

const broken = 'inject-fault: { run: "mv here.txt gone.txt", undo: "true" }'

/** Those of a runtime that this build knows. */
export function faultsOn(runtime: RuntimeName, known: ReadonlySet<string>): readonly string[] {
  return Object.entries(changes)
    .filter(([, { on, step }]) => on.includes(runtime) && isKnown(step, known))
    .map(([name]) => name)
}

function isKnown(step: string, known: ReadonlySet<string>): boolean {
  const [, fault] = /^inject-fault: \{ ([\w-]+):/.exec(step) ?? []
  return fault === undefined || known.has(fault)
}

export function stepOf(fault: string): string {
  return fault === 'broken' ? broken : (changes[fault] as Change).step
}
