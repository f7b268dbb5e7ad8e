/** The first step of a trial, by the name of what it changes. `broken` has an undo that does nothing: the harness must notice. */
import type { RuntimeName } from './choice.ts'

interface Change {
  readonly on: readonly RuntimeName[]
  readonly step: string
}

const all: readonly RuntimeName[] = ['process', 'docker', 'ssh']
const both: readonly RuntimeName[] = ['process', 'docker']
const docker: readonly RuntimeName[] = ['docker']

const changes: Readonly<Record<string, Change>> = {
  stop: { on: both, step: 'inject-fault: { stop: web }' },
  kill: { on: both, step: 'inject-fault: { kill: web }' },
  pause: { on: both, step: 'inject-fault: { pause: web }' },
  'stop of a service': { on: both, step: 'service: { stop: web }' },
  run: {
    on: all,
    step: 'inject-fault: { run: "mv here.txt gone.txt", undo: "[ ! -e gone.txt ] || mv gone.txt here.txt", verify: "test -e here.txt" }',
  },
  'apply-config': {
    on: all,
    step: 'apply-config: { file: config.json, set: { $.pool: test }, then: "sleep 0.1" }',
  },
  'a new file': { on: all, step: 'apply-config: { file: new.txt, content: new }' },
  'run with an undo': {
    on: all,
    step: 'run: "chmod 600 here.txt"\n    undo: chmod 644 here.txt\n    verify: test -n "$(find here.txt -perm 644)"',
  },
  'apply-config inside': { on: docker, step: 'apply-config: { file: /etc/conf.json, in: web, set: { $.pool: test } }' },
  remove: { on: docker, step: 'inject-fault: { remove: web }' },
  disconnect: { on: docker, step: 'inject-fault: { disconnect: web }' },
  cpu: { on: docker, step: 'inject-fault: { cpu: web, to: 0.2 }' },
  env: { on: docker, step: 'inject-fault: { env: web, set: { COLOR: red } }' },
  partition: { on: docker, step: 'inject-fault: { partition: [[web], [other]] }' },
  loss: { on: docker, step: 'inject-fault: { loss: web, percent: 60 }' },
}

const broken = 'inject-fault: { run: "mv here.txt gone.txt", undo: "true" }'

/** Those of a runtime that this build knows. A machine that is there has files, and no services of ours. */
export function faultsOn(
  runtime: RuntimeName,
  stack: 'own' | 'running',
  known: ReadonlySet<string>,
): readonly string[] {
  const hasServices = runtime === 'docker' || stack === 'own'
  return Object.entries(changes)
    .filter(([, { on, step }]) => on.includes(runtime) && isKnown(step, known) && (hasServices || on === all))
    .map(([name]) => name)
}

function isKnown(step: string, known: ReadonlySet<string>): boolean {
  const [, fault] = /^inject-fault: \{ ([\w-]+):/.exec(step) ?? []
  return fault === undefined || known.has(fault)
}

export function stepOf(fault: string): string {
  return fault === 'broken' ? broken : (changes[fault] as Change).step
}
