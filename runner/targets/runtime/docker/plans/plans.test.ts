import { describe, expect } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../../../commands/testing.ts'
import { base, container, engine, named, SERVES, useContainers } from '../test-containers.ts'
import { dockerTest as test } from '../testing.ts'
import { ranOn } from './testing.ts'

useContainers()
const IMAGE = 'debian:bookworm-slim'
const on = (name: string) =>
  `runtime: docker, services: { web: { container: ${name}, port: 80 } }, defaults: { baseline: 500ms }`

/** Does it when it is first asked, so that a wait has begun by then. */
const asked = (script: string) => [
  'perl',
  '-e',
  `use IO::Socket::INET; my $s=IO::Socket::INET->new(LocalPort=>80,Listen=>9) or die; my $c=$s->accept; ${script}`,
]

describe('a plan on containers', () => {
  test('with a service that the stack does not have is found out before anything is changed', async () => {
    const compose = `services:\n  web:\n    image: ${IMAGE}\n    init: true\n    command: [sleep, "1000"]\n`
    const { code, said, steps, events } = await ranOn(
      'runtime: docker, compose: compose.yaml',
      ['inject-fault: { stop: web }', 'assert: { service: wbe, state: running }'],
      { files: { 'compose.yaml': compose } },
    )
    expect([code, steps]).toEqual([3, []])
    expect(said).toContain('target "box" has no service "wbe"; did you mean "web"?')
    expect(said).toMatch(/plan\.yaml:5/)
    expect(events.filter((event) => event.is === 'change' && event.step !== 'up')).toEqual([])
  })
  test('that waits for one that exits ends its wait at once, with the code and the last lines', async () => {
    const name = await container({ command: asked('print STDERR "no config\\n"; exit 3') })
    const { code, steps, ended } = await ranOn(on(name), ['wait-for: { http: http://web/, within: 60s }'])
    expect([code, steps.length]).toEqual([1, 1])
    expect(steps[0]).toStartWith('failed: web exited with 3 while it was waited for: ')
    expect(ended[0]?.duration).toBeLessThan(10_000)
    expect(ended[0]?.failure?.logs).toEqual([{ service: 'web', lines: ['no config'] }])
  })
  test('and says so where it was out of memory', async () => {
    const host = { Memory: 24 * 2 ** 20, MemorySwap: 24 * 2 ** 20 }
    const name = await container({ command: asked('my @all; push @all, "x" x 1e7 while 1'), host })
    const { steps } = await ranOn(on(name), ['wait-for: { http: http://web/, within: 60s }'])
    expect(steps[0]).toStartWith('failed: web exited with 137 (out of memory) while it was waited for')
  })
  test('but goes on where its state is what is waited for', async () => {
    const name = await container({ command: ['sh', '-c', 'sleep 1.5; exit 3'] })
    const { steps } = await ranOn(on(name), ['wait-for: { service: web, state: exited, exit: 3, within: 30s }'])
    expect(steps).toEqual(['passed'])
  })
  test('whose container somebody else removes has nothing to put back there, and every report says so', async () => {
    const name = named('gone')
    await container({ name, command: SERVES })
    const { code, said, folder, events } = await ranOn(
      on(name),
      ['inject-fault: { pause: web }', `run: docker rm -f ${name}`],
      { flags: ['--reporter', 'pretty', '--reporter', 'tap:out.tap', '--reporter', 'junit:out.xml'] },
    )
    const words = `${name} was removed by somebody else meanwhile`
    expect(events.flatMap((event) => (event.is === 'restored' ? [[event.outcome, event.message]] : []))).toEqual([
      ['restored', words],
    ])
    for (const report of [said, read(folder, 'out.tap'), read(folder, 'out.xml')]) expect(report).toContain(words)
    expect(code).toBe(4)
    await expect((await engine()).json('GET', `/containers/${name}/json`)).rejects.toThrow('No such container')
  }, 120_000)
  test('whose container is replaced under us is drift: the new one is left alone, and that is said', async () => {
    const name = named('replaced')
    await container({ name, command: SERVES })
    const other = `docker create --name ${name} --label theirs=yes ${IMAGE} true`
    const { code, said, events } = await ranOn(
      on(name),
      ['inject-fault: { stop: web }', `run: docker rm -f ${name} && ${other}`],
      { flags: ['--reporter', 'pretty'] },
    )
    const words = `${name} was replaced by another container meanwhile, which is left alone`
    expect(events.flatMap((event) => (event.is === 'restored' ? [[event.outcome, event.message]] : []))).toEqual([
      ['drifted', words],
    ])
    expect(said).toContain(words)
    expect(code).toBe(4)
    const daemon = await engine()
    expect(await daemon.json('GET', `/containers/${name}/json`)).toMatchObject({
      State: { Status: 'created' },
      Config: { Labels: { theirs: 'yes' } },
    })
    await daemon.bytes('DELETE', `/containers/${name}?force=1`)
  }, 120_000)
  test('that was made again by us is no drift for what was changed before', async () => {
    const name = named('again')
    await container({ name, command: SERVES })
    const { said, events, code } = await ranOn(on(name), [
      'apply-config: { file: /etc/a.json, in: web, content: "{}" }',
      'inject-fault: { remove: web }',
    ])
    expect(events.flatMap((event) => (event.is === 'restored' ? [event.outcome] : []))).toEqual([
      'restored',
      'restored',
    ])
    expect([code, said.includes('meanwhile')]).toEqual([0, false])
  }, 120_000)
  test('is the only one there: a clone of the plans is busy, with whoever has them', async () => {
    const name = named('locked')
    await container({ name, command: SERVES })
    const folder = mkdtempSync(join(base, 'clone-'))
    writeFileSync(join(folder, 'targets.yaml'), `targets:\n  other-name: { ${on(name)} }\n`)
    writeFileSync(
      join(folder, 'plan.yaml'),
      'plan: Clone\ntarget: other-name\nsteps:\n  - inject-fault: { pause: web }\n',
    )
    const clone = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml']
    const { steps, said, code } = await ranOn(on(name), [
      `run: { command: ${JSON.stringify(['sh', '-c', 'cd "$0" && "$@" >busy.txt; test $? = 75', folder, ...clone])}, effect: reads }`,
      `assert: { file: ${JSON.stringify(join(folder, 'busy.txt'))}, expect: { text: { contains: "the target is busy: run " } } }`,
      'inject-fault: { pause: web }',
    ])
    expect([steps, code, said.includes('1 passed')]).toEqual([['passed', 'passed', 'passed'], 0, true])
    const locks = join(homedir(), '.shakedown', 'locks')
    const left = existsSync(locks) ? readdirSync(locks) : []
    expect(left.filter((one) => one.includes(name))).toEqual([])
  }, 120_000)
})

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}
