/** Logs of units that are long, or of which the journal has lost a part. */
import { expect } from 'bun:test'
import { until } from '../../transport/conformance/run.ts'
import { systemdTest } from './test-machine.ts'
import { machine, opened, useMachine } from './test-units.ts'

useMachine()

/** Opened before it starts, as what it logged earlier belongs to somebody else's time. */
async function begun(unit: string, lines: readonly string[]) {
  machine.unit(`${unit}.service`, ['Type=oneshot', 'RemainAfterExit=yes', ...lines])
  machine.sh(`systemctl stop ${unit}; systemctl daemon-reload`)
  const of = (await opened({ [unit]: {} })).service(unit)
  machine.sh(`systemctl start ${unit}`)
  await until(async () => (await of.logs()).at(-1) === 'the end', 'all of it is there', 60_000)
  return of
}

/** Fewer entries than journald takes at once, and more bytes than are kept of an output. */
const LONG = 'echo panic: early; seq -f %%03000.0f 6000; echo the end'

systemdTest('a log is searched to its start, however long it is', async () => {
  const long = await begun('long', [`ExecStart=/bin/sh -c "${LONG.replaceAll('$', '$$')}"`])
  const lines = await long.logs()
  expect([lines.length, lines[0], lines.flaw]).toEqual([6_002, 'panic: early', undefined])
  const mark = await long.logMark()
  expect([...(await long.logs({ since: mark }))]).toEqual([])
  expect((await long.logs({ last: 1 }))[0]).toBe('the end')
})

systemdTest('a log that floods the journal may have lost lines without a trace', async () => {
  machine.unit('flood.service', ['ExecStart=/bin/sleep 1000'])
  const flood = (await opened({ flood: {} })).service('flood')
  machine.unit('flood.service', ['ExecStart=/bin/sh -c "echo panic; seq 60000; exec sleep 1000"'])
  machine.sh('systemctl restart flood')
  await until(async () => (await flood.logs()).flaw !== undefined, 'it is told', 40_000)
})

systemdTest('a log of which journald dropped lines says so', async () => {
  const flood = 'for i in $(seq 400); do echo line $i; done; sleep 2; echo the end'
  const dropped = await begun('dropped', [
    `ExecStart=/bin/sh -c "${flood.replaceAll('$', '$$')}"`,
    'LogRateLimitIntervalSec=1s',
    'LogRateLimitBurst=10',
  ])
  const lines = await dropped.logs()
  expect(lines.length).toBeLessThan(400)
  expect(lines.flaw?.missing).toBe('start')
})

systemdTest('a log whose beginning was vacuumed away says so, also when it was not read before', async () => {
  machine.unit('spoken.service', ['ExecStart=/bin/sh -c "echo panic: early; exec sleep 1000"'])
  const service = (await opened({ spoken: {} })).service('spoken')
  machine.sh('systemctl restart spoken; journalctl --sync; journalctl --rotate; journalctl --vacuum-time=1us')
  const lines = await service.logs()
  expect([[...lines], lines.flaw?.missing]).toEqual([[], 'start'])
  const mark = await service.logMark()
  expect((await service.logs({ since: mark })).length).toBe(0)
})
