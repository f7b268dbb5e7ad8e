import { expect, test } from 'bun:test'
import { runCli } from '../runner/commands/testing.ts'

test('nothing is wrong with the plans of the examples, also where they can not be run', async () => {
  const folders = ['plans', ...['etcd', 'postgres', 'redis-sentinel'].map((name) => `examples/${name}/plans`)]
  const { out, err, code } = await runCli(['lint', ...folders])
  expect({ code, out, err: code === 0 ? '' : err }).toEqual({
    code: 0,
    out: expect.stringMatching(/^\d+ plans, \d+ cases: nothing is wrong\n$/),
    err: '',
  })
})
