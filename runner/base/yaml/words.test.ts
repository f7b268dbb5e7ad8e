/** Slips of people who write plans, and the messages for them: never a word of the YAML library. */
import { expect, test } from 'bun:test'
import { parseYaml } from './parse.ts'

const table: Readonly<Record<string, readonly [at: string, message: string]>> = {
  'plan: P\ntarget:local\nsteps: []\n': ['2:1', 'a blank is missing after the colon'],
  'plan:P\ntarget: local\n': ['1:1', 'a blank is missing after the colon'],
  'a: "b\nc: "d"\n': ['1:4', 'this quote is not closed on its line'],
  "a: 'b\nc: d\n": ['1:4', 'this quote is not closed on its line'],
  'a: [b, "c]\nd: e\n': ['1:8', 'this quote is not closed on its line'],
  'a: \'x "y\'\nb: "c\nd: e\nf: "g"\n': ['2:4', 'this quote is not closed on its line'],
  "a: 'it's'\n": ['1:8', 'the value ended before this'],
  'a: b: c\n': ['1:4', '`: ` within a value begins a mapping in it'],
  'a: - b\n': ['1:4', 'a list begins in the middle of a line'],
  'a:\n- "b"\n - c\n': ['3:2', 'this item is not in a line with the items above it'],
  'a:\n  - b: c\n   d: e\n': ['3:4', 'this line is indented like nothing above it'],
  'a: b\nc\n  - d\n': ['2:1', 'a key without a colon'],
  'a: b\n- c\n': ['2:1', 'this item is not in a line with the items above it'],
  'a: @b\n': ['1:4', "a text can't begin with this character"],
  'a: "\\d"\n': ['1:5', "this can't stand behind a backslash within double quotes"],
  'a: { b: "c" d: e }\n': ['1:9', 'a comma is missing in here'],
  'a: { b: c\nd: e\n': ['1:4', 'this bracket is never closed'],
  'a: "[" \nb: [c\nd: e\n': ['2:4', 'this bracket is never closed'],
  'a: { b: c }}\n': ['1:12', 'this bracket closes nothing'],
  'a:\n\t- b\n': ['2:1', "a tab can't indent YAML"],
  'a: | b\n  c\n': ['1:6', 'nothing can follow | or > on its line'],
  'a: >b\n  c\n': ['1:5', 'nothing can follow | or > on its line'],
  'a: "b"#c\n': ['1:7', 'a comment needs a blank before its #'],
  'a: *\n': ['1:4', 'a * here names an anchor'],
  'a: &\n': ['1:4', 'a & here names an anchor'],
  'a: b\n<<<<<<< HEAD\nc: d\n': ['2:1', 'a merge conflict was left here'],
  'a: {{ x }}\n': ['1:4', 'this is the template of another tool'],
  'a: { b: ${{ c }} }\n': ['1:9', 'an expression within { } or [ ] must be quoted'],
  'a: { $.b[0]: 1 }\n': ['1:6', 'a path with brackets within { } must be quoted'],
  'a: [*.log]\n': ['1:5', 'a text that begins with * must be quoted, since YAML takes it for an alias'],
}

test.each(Object.entries(table))('%j', (text, [at, message]) => {
  const [first] = parseYaml(text).problems
  const before = text.slice(0, first?.start).split('\n')
  expect(`${before.length}:${(before.at(-1)?.length ?? 0) + 1} ${first?.message}`).toBe(`${at} ${message}`)
  expect(first?.hint).not.toBe('')
})

const JARGON = /implicit|compact|flow|node|scalar|token|collection|indicator|block (seq|map)|sufficiently/i

test('no message uses the words of the library', () => {
  for (const text of Object.keys(table))
    for (const { message, hint } of parseYaml(text).problems)
      expect(`${message} ${hint}`.replaceAll('block scalar', '')).not.toMatch(JARGON)
})
