/** The schemas as an editor uses them: yaml-language-server, run in process. */
import { describe, expect, test } from 'bun:test'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { getLanguageService } from 'yaml-language-server'
import plan from '../../schemas/plan.schema.json'
import targets from '../../schemas/targets.schema.json'
import { stepKinds } from '../../steps/index.ts'
import { builtInKinds } from '../commands/kinds.ts'
import { planSchema } from './schema.ts'

let counter = 0

/** The service caches by URI and changes the schema it is given: a fresh URI and a clone for each look. */
function editor(text: string, schema: object = plan) {
  const service = getLanguageService({
    schemaRequestService: async () => '',
    workspaceContext: { resolveRelativePath: (path: string) => path },
  } as never)
  const uri = `file:///plan-${++counter}.yaml`
  service.configure({
    validate: true,
    completion: true,
    hover: true,
    schemas: [{ uri: `schema://${counter}`, fileMatch: ['*.yaml'], schema: structuredClone(schema) }],
  } as never)
  const document = TextDocument.create(uri, 'yaml', 1, text)
  return { service, document }
}

async function diagnose(text: string, schema?: object) {
  const { service, document } = editor(text, schema)
  const found = await service.doValidation(document, false)
  return found.map(({ message, range }) => ({ message, line: range.start.line, column: range.start.character }))
}

/** Without its first line, which names the schema by a path that an editor would load. */
async function own(name: string): Promise<string> {
  const text = await Bun.file(`${import.meta.dir}/../../plans/${name}.yaml`).text()
  return text.slice(text.indexOf('\n'))
}

describe('an editor', () => {
  test('completes every step kind', async () => {
    const { service, document } = editor('plan: P\nsteps:\n  - ')
    const { items } = await service.doComplete(document, { line: 2, character: 4 }, false)
    const labels = items.map(({ label }) => label)
    for (const { name } of stepKinds) expect(labels).toContain(name)
  })

  test('explains a kind on hover', async () => {
    const { service, document } = editor('plan: P\nsteps:\n  - inject-fault: { stop: web }\n')
    const hover = await service.doHover(document, { line: 2, character: 8 })
    expect(JSON.stringify(hover?.contents)).toContain('Breaks one thing')
  })

  test('diagnoses a typo at its column, once', async () => {
    expect(await diagnose('plan: P\nsteps:\n  - wait-fro: { service: web }\n')).toMatchObject([{ line: 2, column: 4 }])
    expect(await diagnose('plan: P\nsteps:\n  - wait-for: { service: web, wihtin: 3s }\n')).toMatchObject([
      { line: 2, column: 30 },
    ])
  })

  test('has nothing against the plans and targets of this project', async () => {
    for (const name of ['node-down', 'frozen-node', 'config-apply', 'fragments/healthy'])
      expect(await diagnose(await own(name))).toEqual([])
    expect(await diagnose(await own('targets'), targets)).toEqual([])
  })

  test('allows an expression wherever a value stands', async () => {
    const text =
      'plan: P\nsteps:\n  - wait-for: { service: "${{ inputs.s }}", state: healthy, within: "${{ inputs.d }}" }\n    continue-on-error: "${{ inputs.b }}"\n'
    expect(await diagnose(text)).toEqual([])
  })
})

test('the schema is draft-07 and has no oneOf over kinds', () => {
  const made = planSchema(builtInKinds())
  expect(made['$schema']).toBe('http://json-schema.org/draft-07/schema#')
  expect(JSON.stringify(made)).not.toContain('oneOf')
})
