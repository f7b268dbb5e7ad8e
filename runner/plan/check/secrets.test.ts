import { describe, expect, test } from 'bun:test'
import { planOf, problems } from '../testing.ts'

describe('a secret in an argv', () => {
  const secret = 'plan: P\nsecrets: { t: { env: HOME } }\n'
  const steps = (...lines: string[]) => `${secret}${planOf(...lines).slice(8)}`
  const told = 'a secret in an argv can be seen by everybody on the machine'
  const table: Readonly<Record<string, readonly [plan: string, ...wrong: string[]]>> = {
    'in a run': [steps('run: [curl, "-H${{ secrets.t }}"]'), `4:17 ${told}`],
    'in a probe, a fault, a then, an undo': [
      steps(
        'wait-for: { run: { command: [x, "${{ secrets.t }}"] } }',
        'inject-fault: { run: [x, "${{ secrets.t }}"], undo: [y, "${{ secrets.t }}"] }',
        'apply-config: { file: a.json, set: { $.a: 1 }, then: [[x, "${{ secrets.t }}"]] }',
        'run: x\n    undo: [y, "${{ secrets.t }}"]',
      ),
      `4:37 ${told}`,
      `5:30 ${told}`,
      `5:61 ${told}`,
      `6:63 ${told}`,
      `8:15 ${told}`,
    ],
    'by way of a variable': [
      `${secret}variables: { a: "Bearer \${{ secrets.t }}", b: "\${{ variables.a }}" }\nsteps: [{ run: [x, "\${{ variables.b }}"] }]\n`,
      `4:20 ${told}`,
    ],
    'by way of a capture': [
      planOf('run: x\n    capture: { k: { from: stdout, secret: true } }', 'run: [x, "${{ k }}"]'),
      `5:14 ${told}`,
    ],
    'by way of a round': [steps('for-each: { k: ["${{ secrets.t }}"] }\n    run: [x, "${{ k }}"]'), `5:14 ${told}`],
    'in a condition of requires': [
      `${secret}requires: [{ run: [x, "\${{ secrets.t }}"] }]\nsteps: [{ run: x }]\n`,
      `3:23 ${told}`,
    ],
    'not in a text, whose values travel over stdin, nor in a header': [
      steps('run: "x ${{ secrets.t }}"', 'http: { get: "http://web/", bearer: "${{ secrets.t }}" }'),
    ],
  }
  for (const [title, [plan, ...wrong]] of Object.entries(table))
    test(title, async () => expect(await problems(plan)).toEqual(wrong))

  test('by way of a fragment, that is given it or gives it back', async () => {
    const plan = steps(
      'use: { fragment: f.yaml, with: { a: "${{ secrets.t }}" } }\n    capture: { k: out }',
      'run: [x, "${{ k }}"]',
    )
    const fragment =
      'fragment: F\ninputs: { a: {} }\nsteps: [{ run: [x, "${{ inputs.a }}"] }]\noutputs: { out: "${{ inputs.a }}" }\n'
    const found = await problems(plan, { 'f.yaml': fragment })
    expect(found).toEqual([`6:14 ${told}`, `f.yaml:3:20 ${told}`])
  })
})
