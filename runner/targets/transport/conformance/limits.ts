import { describe, expect, test } from 'bun:test'
import type { Transport } from '../../../contracts/transport.ts'
import { run, until } from './run.ts'

export function describeLimits(open: () => Transport): void {
  const isAlive = async (pid: string) =>
    (await run(open(), { sh: `state=$(ps -o stat= -p ${pid}) && [ "\${state#Z}" = "$state" ]` })).code === 0

  describe('limits', () => {
    test('50 MB of output are read, and only what is asked for is kept', async () => {
      const { stdout, truncated, code } = await run(
        open(),
        { sh: 'head -c 50000000 /dev/zero; echo end >&2' },
        { keep: 1_000 },
      )
      expect([stdout.length, truncated, code]).toEqual([1_000, true, 0])
    })
    test('50 MB arrive whole', async () => {
      const { stdout, truncated } = await run(
        open(),
        { sh: 'head -c 50000000 /dev/zero; echo end' },
        { keep: 60_000_000 },
      )
      expect([stdout.length, truncated, Buffer.from(stdout.subarray(-4)).toString()]).toEqual([
        50_000_004,
        false,
        'end\n',
      ])
    })
    test('output that fits exactly is not called truncated', async () => {
      const { truncated } = await run(open(), { argv: ['printf', '12345'] }, { keep: 5 })
      expect(truncated).toBe(false)
    })
    test('the time limit ends the whole group, grandchildren too, and keeps what was said', async () => {
      const ran = await run(open(), { sh: 'sh -c "trap \\"\\" TERM; sleep 60" & echo $!; sleep 61' }, { timeout: 150 })
      expect(ran.timedOut).toBe(true)
      expect(ran.code).not.toBe(0)
      expect(ran.duration).toBeLessThan(2_000)
      await until(async () => !(await isAlive(ran.out.trim())), 'the grandchild is gone')
    })
    test('a command that finishes in time is not called late', async () => {
      expect((await run(open(), { argv: ['true'] }, { timeout: 5_000 })).timedOut).toBe(false)
    })
    test('an abort ends the group and throws its reason', async () => {
      const controller = new AbortController()
      const reason = new Error('the step is over')
      const folder = (await run(open(), { sh: 'mktemp -d /tmp/sd-abort-XXXXXX' })).out.trim()
      const running = open().exec({ sh: `echo $$ >${folder}/pid; sleep 60` }, {}, controller.signal)
      const pid = async () => (await run(open(), { sh: `cat ${folder}/pid 2>/dev/null` })).out.trim()
      await until(async () => (await pid()) !== '', 'the command runs')
      controller.abort(reason)
      expect(await running.catch((error) => error)).toBe(reason)
      const leader = await pid()
      await until(async () => !(await isAlive(leader)), 'the command is gone')
      await run(open(), { argv: ['rm', '-r', folder] })
    })
    test('nothing is started after an abort', async () => {
      const reason = new Error('too late')
      const late = open().exec({ argv: ['true'] }, {}, AbortSignal.abort(reason))
      expect(await late.catch((error) => error)).toBe(reason)
    })
    test('a command that leaves a process behind is not waited for', async () => {
      const ran = await run(open(), { sh: 'sleep 30 & echo $!' })
      expect(ran.duration).toBeLessThan(2_000)
      expect(await isAlive(ran.out.trim())).toBe(true)
      await run(open(), { sh: `kill ${ran.out.trim()}` })
    })
    test('100 commands at once each get their own answer', async () => {
      const numbers = Array.from({ length: 100 }, (_, index) => index)
      const ran = await Promise.all(
        numbers.map((number) => run(open(), { sh: `echo ${number}; cat; exit ${number}` }, { stdin: `in ${number}` })),
      )
      expect(ran.map(({ out, code }) => [out, code])).toEqual(numbers.map((n) => [`${n}\nin ${n}`, n]))
    })
  })
}
