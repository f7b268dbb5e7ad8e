/** Faults of a service's life, resources, files and clock on real containers, as a plan has them. */
import { afterAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { dockerTest } from '../targets/runtime/docker/testing.ts'
import { runCli } from './testing.ts'
import { Containers, eventually, server } from './testing-containers.ts'

setDefaultTimeout(60_000)
const faketime = `FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libfaketime && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN ln -s "$(find / -name libfaketime.so.1)" /usr/lib/libfaketime.so
ENV LD_PRELOAD=/usr/lib/libfaketime.so FAKETIME_TIMESTAMP_FILE=/etc/shift FAKETIME_NO_CACHE=1
`
const stack = new Containers('resources', {
  services: {
    web: {
      ...server,
      mem_limit: '200m',
      environment: { COLOR: 'blue', GONE: 'here' },
      tmpfs: ['/data:size=20m'],
      volumes: ['/anonymous'],
      networks: { default: { aliases: ['www'] }, back: {} },
    },
    other: { ...server, networks: { default: {}, back: {} } },
    clock: {
      image: 'shakedown-test/faketime',
      build: { context: '.', dockerfile: 'faketime' },
      init: true,
      command: ['sleep', 'infinity'],
    },
  },
  networks: { default: {}, back: {} },
})
stack.write('faketime', faketime)
afterAll(() => stack.end())

const inside = (of: string, command: string, rest = '') => `{ run: { in: ${of}, command: '${command}' }${rest} }`

const plans: Readonly<Record<string, { steps: readonly string[]; says?: readonly RegExp[] }>> = {
  remove: {
    steps: [
      `run: { in: web, command: 'echo kept >/anonymous/file' }`,
      'inject-fault: { remove: web, volumes: keep }',
      'assert: { service: web, state: removed }',
      `assert: ${inside('other', 'getent hosts www', ', exit: 2')}`,
      'restore: web',
      'wait-for: { http: http://web/, status: 200 }',
      `assert: ${inside('web', 'cat /anonymous/file', ', stdout: kept')}`,
      `assert: ${inside('other', 'getent hosts www')}`,
    ],
    says: [/web is gone/],
  },
  disconnect: {
    steps: [
      'inject-fault: { disconnect: web, network: back }',
      'assert: { service: web, state: running }',
      'restore: web',
      'inject-fault: { disconnect: web }',
      'assert: { http: http://web/, expect: { reachable: false } }',
      'restore: web',
      'wait-for: { http: http://web/, status: 200 }',
      `assert: ${inside('other', 'getent hosts www')}`,
    ],
  },
  cpu: {
    steps: ['inject-fault: { cpu: web, to: "10%" }', 'restore: web', 'inject-fault: { cpu: web, to: 0.5 }'],
    says: [/web has 0\.1 of a core/, /web has 0\.5 of a core/],
  },
  env: {
    steps: [
      'inject-fault: { env: web, set: { COLOR: red, GONE: null, N: 3 } }',
      `wait-for: ${inside('web', 'echo $COLOR $N ${GONE-gone}', ', stdout: red 3 gone')}`,
      'restore: web',
      `wait-for: ${inside('web', 'echo $COLOR $N $GONE', ', stdout: blue here')}`,
    ],
  },
  memory: {
    steps: [
      'inject-fault: { memory: web, to: "80%" }',
      'wait-for: { service: web, expect: { memory: { gt: 150MB } } }',
      'restore: web',
      'wait-for: { service: web, expect: { memory: { lt: 50MB } } }',
      'inject-fault: { memory: web, to: 100MiB }',
    ],
    says: [/of its limit of 200 MiB/],
  },
  'fill-disk': {
    steps: [
      'inject-fault: { fill-disk: web, path: /data, leave: 1MiB }',
      `assert: ${inside('web', 'head -c 2000000 /dev/zero >/data/x', ', exit: 1')}`,
      'restore: web',
      `run: { in: web, command: rm /data/x }`,
      'inject-fault: { fill-disk: web, path: /data }',
      `assert: ${inside('web', 'echo x >/data/y', ', exit: 1')}`,
      'restore: web',
      `assert: ${inside('web', 'head -c 2000000 /dev/zero >/data/x')}`,
    ],
    says: [/1024 KiB left/, /, 0 KiB left/],
  },
  file: {
    steps: [
      `run: { in: web, command: 'echo 12345 >/etc/one; chmod 640 /etc/one; mkdir -p /etc/more; touch /etc/more/x' }`,
      'inject-fault: { file: /etc/one, in: web, mode: "000" }',
      'assert: { file: { path: /etc/one, in: web }, mode: "0000" }',
      'restore: web',
      'assert: { file: { path: /etc/one, in: web }, mode: "0640" }',
      'inject-fault: { file: /etc/more, in: web, missing: true }',
      `assert: ${inside('web', 'test -e /etc/more', ', exit: 1')}`,
      'restore: web',
      `assert: ${inside('web', 'test -e /etc/more/x')}`,
      'inject-fault: { file: /etc/one, in: web, truncate: 2B }',
      'assert: { file: { path: /etc/one, in: web }, text: "12" }',
      'inject-fault: { file: /etc/more/x, in: web, content: new, overlap: true }',
      'assert: { file: { path: /etc/more/x, in: web }, text: new }',
      'restore: all',
      'assert: { file: { path: /etc/one, in: web }, mode: "0640", text: { starts-with: "12345" } }',
      'assert: { file: { path: /etc/more/x, in: web }, text: "" }',
    ],
  },
  'run inside, undone inside': {
    steps: [
      'inject-fault: { run: touch /broken, in: web, undo: rm /broken, verify: "! test -e /broken" }',
      'restore: web',
      `assert: ${inside('web', 'test -e /broken', ', exit: 1')}`,
      `run: { command: touch /made, in: web }\n    undo: rm /made\n    verify: "! test -e /made"`,
      `assert: ${inside('web', 'test -e /made')}`,
      'restore: all',
      `assert: ${inside('web', 'test -e /made', ', exit: 1')}`,
    ],
  },
  clock: {
    steps: [
      `run: { in: clock, command: date +%s }\n    capture: { before: stdout }`,
      'inject-fault: { clock: clock, shift: 1h }',
      `assert: { run: { in: clock, command: date +%s }, stdout: { gt: "\${{ int(before) + 3590 }}" } }`,
      'restore: clock',
      `assert: { run: { in: clock, command: date +%s }, stdout: { lt: "\${{ int(before) + 600 }}" } }`,
    ],
    says: [/the clock of clock is (3599|3600|3601) s from what it was/],
  },
}

describe('takes effect and is put back:', () => {
  for (const [name, { steps, says = [] }] of Object.entries(plans))
    dockerTest(name, async () => {
      const { out, err, code } = await stack.run(name.replaceAll(/\W+/g, '-'), steps)
      expect(code === 0 ? '' : out + err).toBe('')
      for (const words of says) expect(out).toMatch(words)
    })
})

const refused: Readonly<Record<string, { steps: readonly string[]; code: number; says: string }>> = {
  'a service with volumes that would be lost': {
    steps: ['inject-fault: { remove: web }'],
    code: 1,
    says: 'web-1 has volumes without a name (/anonymous)',
  },
  'the disk of the machine': {
    steps: ['inject-fault: { fill-disk: web, path: /tmp }'],
    code: 1,
    says: '/tmp is on the disk of the machine, and filling that would break the machine',
  },
  'memory that is used already': {
    steps: ['inject-fault: { memory: web, to: 1KiB }'],
    code: 1,
    says: 'MiB already, which is more than that',
  },
  'more memory than the machine has': {
    steps: ['inject-fault: { memory: other, to: 100TiB }'],
    code: 1,
    says: 'without a memory limit it shares that of the machine',
  },
  'a clock that nobody can shift': {
    steps: ['inject-fault: { clock: web, shift: 1h }'],
    code: 5,
    says: 'web does not run under libfaketime',
  },
  'a file that is not there': {
    steps: ['inject-fault: { file: /nowhere, in: web, missing: true }'],
    code: 1,
    says: '/nowhere is not there in web',
  },
  'a mode that it has': {
    steps: ['inject-fault: { file: /etc/hostname, in: web, mode: "0644" }'],
    code: 1,
    says: '/etc/hostname has the mode 0644 already',
  },
  'a network that it is not on': {
    steps: ['inject-fault: { disconnect: clock, network: back }'],
    code: 1,
    says: 'clock is not on a network "back"',
  },
}

describe('is refused with the reason:', () => {
  for (const [name, { steps, code, says }] of Object.entries(refused))
    dockerTest(name, async () => {
      const { out, code: actual } = await stack.run(name.replaceAll(/\W+/g, '-'), steps)
      expect(out).toContain(says)
      expect(actual).toBe(code)
    })
})

dockerTest('what a killed runner held is free again', async () => {
  const child = stack.spawn('killed', ['inject-fault: { fill-disk: web, path: /data }', 'sleep: 60s'])
  const writes = () =>
    stack.exec('web', 'sh', '-c', 'head -c 100000 /dev/zero >/data/z; code=$?; rm -f /data/z; exit $code') === 0
  await eventually(() => !writes())
  child.kill('SIGKILL')
  await eventually(writes)
  // The lock of a killed run stays until somebody looks.
  expect((await runCli(['restore'], { cwd: stack.folder })).code).toBe(0)
})
