import { expect, test } from 'bun:test'
import { planOf, problems } from '../testing.ts'

const home = '"~" is not replaced by a home folder'
const cases: readonly [step: string, ...wrong: string[]][] = [
  ['assert: { file: ~/x, exists: false }', `3:21 a file path is literal: ${home}`],
  ['assert: { file: { path: ~/x }, exists: false }', `3:29 a file path is literal: ${home}`],
  ['assert: { file: "~", exists: false }', `3:21 a file path is literal: ${home}`],
  ['assert: { file: ~web/x, exists: false }', '3:21 a file path is literal: "~web" is not replaced by a home folder'],
  ['apply-config: { file: ~/x, content: x }', `3:27 a file path is literal: ${home}`],
  [
    'collect: { files: [a, "/var/log/*.log"] }',
    '3:27 a file path is literal: "*" is not a pattern that matches several files',
  ],
  [
    'assert: { fingerprint: { name: n, file: /etc/app?.json } }',
    '3:45 a file path is literal: "?" is not a pattern that matches several files',
  ],
  [
    'inject-fault: { file: "/etc/{a,b}", missing: true }',
    '3:27 a file path is literal: "{a,b}" is not a pattern that matches several files',
  ],
  [
    'inject-fault: { fill-disk: web, path: "/data[12]" }',
    '3:43 a file path is literal: "[12]" is not a pattern that matches several files',
  ],
  ['assert: { file: $HOME/x }', '3:21 a file path is literal: "$HOME" is not replaced by a value'],
  ['assert: { file: "${HOME}/x" }', '3:21 a file path is literal: "${HOME}" is not replaced by a value'],
  ['assert: { file: file:///etc/x }', '3:21 a file path is literal: it is not a URL'],
  ['assert: { sql: { file: ~/x.db, query: SELECT 1 }, count: 1 }', `3:28 a file path is literal: ${home}`],
  ['assert: { file: a~b/c~ }'],
  ['assert: { file: ./~x }'],
  ['assert: { file: "${{ services.web.directory }}/x" }'],
  [`assert: { file: '\${{ "a*b" }}' }`],
  ['run: ls ~/*'],
]
for (const [step, ...wrong] of cases)
  test(`${step} ${wrong.length === 0 ? 'is allowed' : 'is told'}`, async () =>
    expect(await problems(planOf(step))).toEqual(wrong))
