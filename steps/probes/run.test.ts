import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { makeCondition } from '../../runner/condition.ts'
import { kindsOf } from '../../runner/contracts/kinds.ts'
import { fakeContext, fakeTarget } from './fake-target.ts'
import { run } from './run.ts'

const { probes } = kindsOf({ probes: [run] })
const context = fakeContext(fakeTarget(tmpdir()))
const sh = (script: string) => ({ sh: script })
const verdict = (plain: object) => makeCondition(plain, { file: 'plan.yaml', path: [] }, { probes }).check(context)

const cases: readonly [name: string, plain: object, is: string][] = [
  ['exit 0 is expected by itself', { run: sh('true') }, 'holds'],
  ['another exit counts as not taken', { run: sh('exit 3') }, 'untaken'],
  ['so that `none` is not satisfied by it', { none: [{ run: sh('exit 3'), stdout: 'x' }] }, 'untaken'],
  ['another exit may be expected', { run: sh('exit 3'), exit: 3 }, 'holds'],
  ['a command not found is 127', { run: { command: { argv: ['no-such-command'] } }, exit: 127 }, 'holds'],
  ['stdout loses one newline', { run: sh("printf 'a\\n\\n'"), stdout: 'a\n' }, 'holds'],
  ['stdout is text: a number has its usual spelling', { run: sh('echo 8'), stdout: 8 }, 'holds'],
  ['ordering parses it', { run: sh('echo 8'), stdout: { gte: 7 } }, 'holds'],
  ['text that is no number fails it', { run: sh('echo many'), stdout: { gte: 7 } }, 'fails'],
  ['JSON on stdout', { run: sh(`echo '{"a": [1]}'`), expect: { '$.a[0]': 1 } }, 'holds'],
  [
    'an argv, an environment and stdin',
    { run: { command: sh('cat; echo $A'), env: { A: 5 }, stdin: 'x' }, stdout: 'x5' },
    'holds',
  ],
  [
    'a command that does not end in time',
    { run: { command: sh('exec sleep 5'), timeout: '50ms' }, exit: { not: 0 } },
    'untaken',
  ],
]
for (const [name, plain, is] of cases)
  test(name, async () => {
    expect((await verdict(plain)).is).toBe(is as never)
  })

test('the message says which key to add', async () => {
  expect(await verdict({ run: sh('echo oops >&2; exit 3') })).toMatchObject({
    why: 'exit is 3, expected 0 (add `exit:` if another is meant): exit 3: oops',
  })
})

test('a command reads by the word of who wrote it', () => {
  expect(run.effect?.({ argv: ['ls'] })).toBe('reads')
  expect(run.effect?.({ command: { argv: ['rm'] }, effect: 'changes' } as never)).toBe('changes')
})
