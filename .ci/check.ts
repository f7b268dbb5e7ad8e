/** `bun run test`: types, lint, arrows, fresh schemas and all tests; the totals stand on the last line. */
import { leftSince, present } from './left.ts'
import { addEarlier, addSlowest, printTimes, timed } from './times.ts'

const steps: readonly (readonly [string, readonly string[]])[] = [
  // TypeScript 7 takes a fifth of the time; dependency-cruiser needs the compiler's API, which 5.9 has.
  ['types', ['bun', '--bun', 'node_modules/typescript-7/bin/tsc', '--noEmit']],
  ['lint', ['bunx', 'biome', 'ci', '.']],
  [
    'arrows',
    [
      'bun',
      '--bun',
      'node_modules/.bin/depcruise',
      '--config',
      '.ci/dependency-cruiser.cjs',
      'runner',
      'steps',
      'bench',
      'examples',
    ],
  ],
  ['arrows can fail', ['bun', '.ci/planted-violation.ts']],
  ['schemas', ['bun', '.ci/generate.ts', '--check']],
  ['fuzz', ['bun', '--no-env-file', '--no-install', '.ci/fuzz/index.ts', '--count', '10000']],
]
/** Some minutes, so only where everything is required; elsewhere `bun run kill-matrix`. */
const killMatrix: typeof steps = [
  ['kill matrix can fail', ['bun', '.ci/kill-matrix/broken.ts']],
  ['kill matrix', ['bun', '.ci/kill-matrix/index.ts', '--seeds', '60']],
]
const required = process.env['SHAKEDOWN_REQUIRE_ALL'] ? [...steps, ...killMatrix] : steps

addEarlier(process.env['SHAKEDOWN_TIMES'])
const before = present()
let failed = 0
for (const [name, command] of required) failed += (await timed(name, () => step(name, command))) ? 0 : 1
const tests = await timed('tests', allTests)
addSlowest(tests.junit, 10)
// Others may be at work on a machine that is not CI's alone.
const counted = process.env['SHAKEDOWN_REQUIRE_ALL'] ? required.length + 1 : required.length
if (counted > required.length) failed += (await nothingIsLeft()) ? 0 : 1
printTimes()
console.log(`${tests.passed + counted - failed} passed, ${tests.failed + failed} failed, ${tests.skipped} skipped`)
process.exit(failed + tests.failed === 0 && tests.passed > 0 ? 0 : 1)

/** Guardians and daemons may take a moment to tidy up after the last test. */
async function nothingIsLeft(): Promise<boolean> {
  const end = performance.now() + 20_000
  while (leftSince(before).length > 0 && performance.now() < end) await Bun.sleep(250)
  const left = leftSince(before)
  console.log(
    `${left.length === 0 ? 'ok    ' : 'FAILED'} nothing is left behind\n${left.map((line) => `  ${line}\n`).join('')}`,
  )
  return left.length === 0
}

async function step(name: string, command: readonly string[]): Promise<boolean> {
  const start = performance.now()
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'pipe', stdin: 'ignore' })
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), child.exited])
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  if (code !== 0 || name === 'kill matrix') console.log(`${out}${err}`)
  return code === 0
}

/** The counts come from JUnit, not from what the terminal shows. */
async function allTests(): Promise<{ passed: number; failed: number; skipped: number; junit: string }> {
  const report = `${process.env['TMPDIR'] ?? '/tmp'}/shakedown-tests-${process.pid}.xml`
  const child = Bun.spawn(
    ['bun', '--no-env-file', 'test', '--timeout', '30000', '--reporter=junit', `--reporter-outfile=${report}`],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    },
  )
  const code = await child.exited
  const file = Bun.file(report)
  const head = (await file.exists()) ? await file.text() : ''
  await file.delete().catch(() => undefined)
  const count = (name: string) => Number(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const failures = count('failures') + count('errors')
  const skipped = count('skipped')
  return { passed: count('tests') - failures - skipped, failed: failures || (code === 0 ? 0 : 1), skipped, junit: head }
}

function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text()
}
