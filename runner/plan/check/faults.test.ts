import { describe, expect, test } from 'bun:test'
import { planOf, problems } from '../testing.ts'

const wrong: Readonly<Record<string, readonly [fault: string, ...expected: string[]]>> = {
  'an option that is missing': ['{ loss: web }', '3:5 "percent" is missing'],
  'a share that is none': ['{ cpu: web, to: much }', '3:35 "much" is not of the form ^\\d+(\\.\\d+)?\\s?%$'],
  'a value of another kind': [
    '{ env: web, set: { A: [1] } }',
    '3:38 this is a list, and a text or a number or true or false or null is expected',
  ],
  'an empty list of variables': ['{ env: web, set: {} }', '3:31 an empty mapping says nothing'],
  'a file to which nothing is done': ['{ file: a.json }', '3:5 nothing is done to the file, and one is wanted'],
  'a file to which two things are done': [
    '{ file: a.json, missing: true, content: x }',
    '3:5 here are content and missing, and one is wanted',
  ],
  'an option of another fault': [
    '{ remove: web, network: back }',
    '3:34 remove has no option "network"; valid here: volumes, for, overlap',
  ],
  'a command without its way back': ['{ run: rm x }', '3:5 "undo" is missing'],
  'an address that a service is cut off from': [
    '{ partition: [web, 10.0.0.7] }',
    '3:5 "10.0.0.7" is an address, and only `host` can be cut off from addresses',
  ],
  'a machine that stands with others': [
    '{ drop: { from: [host, web], to: 10.0.0.7 } }',
    '3:5 `host` stands with others, and is a side of its own',
  ],
  'a machine that is asked to stop': [
    '{ stop: host }',
    '3:27 target "demo" has no service "host"; valid here: web, db, host-0',
  ],
  'a kind that is not built': ['{ fake: web }', '3:21 "fake" is part of the language, but not built yet'],
}

describe('a fault is told at load for', () => {
  for (const [title, [fault, ...expected]] of Object.entries(wrong))
    test(title, async () => expect(await problems(planOf(`inject-fault: ${fault}`))).toEqual(expected))
})

const right: readonly string[] = [
  '{ partition: [host, [10.0.0.0/8, api.example.com, "::/0"]] }',
  '{ drop: { from: 10.0.0.7, to: host } }',
  '{ loss: [host], percent: 5 }',
  '{ remove: [web, db], volumes: keep }',
  '{ disconnect: web, network: back, for: 5s }',
  '{ partition: [[web, db], [host-0]] }',
  '{ drop: { from: web, to: db } }',
  '{ loss: web, percent: 0.5 }',
  '{ loss: web, percent: "${{ 10 + 20 }}" }',
  '{ delay: web, by: 100ms, jitter: 10ms }',
  '{ rate: web, to: 1MB/s }',
  '{ reject: web, ports: [80] }',
  '{ dns: web, names: [db] }',
  '{ cpu: web, to: 0.1 }',
  '{ cpu: web, to: "10%" }',
  '{ memory: web, to: 100MiB }',
  '{ fill-disk: web, path: /data, leave: 1MiB }',
  '{ clock: web, shift: -1h }',
  '{ env: web, set: { A: b, C: null, N: 3 } }',
  '{ file: a.json, in: web, truncate: 1KiB }',
  '{ file: a.json, mode: 0600 }',
]

describe('a fault may be written', () => {
  for (const fault of right)
    test(fault, async () => expect(await problems(planOf(`inject-fault: ${fault}`))).toEqual([]))
})

test('a service is restored from a fault of a file inside of it', async () => {
  const fault = 'inject-fault: { file: a.json, in: web, missing: true }'
  expect(await problems(planOf(fault, 'restore: web'))).toEqual([])
  expect(await problems(planOf(fault, 'inject-fault: { stop: web }'))).toEqual([
    '4:27 "web" is broken already, by "inject-fault file a.json"',
  ])
})
