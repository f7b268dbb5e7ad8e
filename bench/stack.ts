/** A stack for the bench: up as the engine brings it up, and taken down by its own undo. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtInKinds } from '../runner/commands/kinds.ts'
import type { Kinds } from '../runner/contracts/kinds.ts'
import type { ProbeContext } from '../runner/contracts/probe.ts'
import type { Runtime, RuntimeHost } from '../runner/contracts/target.ts'
import { openTransport } from '../runner/targets/index.ts'
import { bindTarget } from '../runner/targets/target.ts'

export interface Stack extends AsyncDisposable {
  readonly kinds: Kinds
  readonly runtime: Runtime
  readonly context: ProbeContext
}

/** `commands` by the names of their services. */
export async function stackOf(commands: Readonly<Record<string, readonly string[]>>, folder: string): Promise<Stack> {
  await using opened = new AsyncDisposableStack()
  const { signal } = new AbortController()
  const kinds = builtInKinds()
  const kind = kinds.runtimes.get('process')
  if (!kind) throw new Error('there is no runtime "process"')
  const transport = opened.use(await openTransport({}))
  const services = Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, { command }]))
  const work = join(folder, 'stack')
  mkdirSync(work, { recursive: true })
  const runtime = opened.use(await kind.open({ services }, transport, hostOf(work, folder)))
  const up = await runtime.up()
  const down = join(work, 'down.sh')
  writeFileSync(down, up?.undo?.sh ?? '')
  // Nobody else ends the supervisor, and it needs its folder to be told.
  opened.defer(async () => void (await Bun.$`sh ${down}`.quiet()))
  await up?.apply(signal)
  const { target, release } = bindTarget({ name: 'bench', transport, runtime, home: folder, config: {} }, signal)
  opened.defer(release)
  const context = { target, signal, timeout: 5_000, logsSince: () => 0, memory: new Map(), measure: () => 0 }
  const all = opened.move()
  return { kinds, runtime, context, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function hostOf(folder: string, home: string): RuntimeHost {
  return {
    folder,
    home,
    labels: { run: '', case: '', plan: '' },
    resolve: (plain) => plain,
    command: (plain) => (typeof plain === 'string' ? { sh: plain } : { argv: plain.map(String) }),
    environment: () => ({}),
    ready: async () => undefined,
    note: () => undefined,
  }
}
