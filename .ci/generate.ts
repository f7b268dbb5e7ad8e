/** Writes the schemas, the validators that are compiled ahead of time, and the table of kinds in the README; `--check` tells which are stale. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { builtInKinds } from '../runner/commands/kinds.ts'
import { planSchema, targetsSchema } from '../runner/plan/schema.ts'
import { AJV_OPTIONS, looseSchema, schemaHash, schemasOf } from '../runner/plan/validators.ts'

const VALIDATORS = 'schemas/validators'
const kinds = builtInKinds()
const files = new Map<string, string>([
  ['schemas/plan.schema.json', json(planSchema(kinds))],
  ['schemas/targets.schema.json', json(targetsSchema(kinds))],
  ...validators(),
  ['README.md', readme()],
])

if (process.argv.includes('--check')) check()
else write()

function* validators(): Generator<[string, string]> {
  const index: string[] = []
  for (const [name, schema] of [...schemasOf(kinds)].sort(([a], [b]) => a.localeCompare(b))) {
    const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true } })
    yield [`${VALIDATORS}/${name}.cjs`, standaloneCode.default(ajv, ajv.compile(looseSchema(schema)))]
    index.push(`  '${name}': { hash: '${schemaHash(schema)}', load: () => require('./${name}.cjs') },`)
  }
  yield [`${VALIDATORS}/index.cjs`, `module.exports = {\n${index.join('\n')}\n}\n`]
}

function readme(): string {
  const text = existsSync('README.md') ? readFileSync('README.md', 'utf8') : ''
  const rows = (title: string, all: Iterable<{ name: string; summary: string }>) => [
    `| ${title} | what it does |`,
    '| --- | --- |',
    ...[...all].map(({ name, summary }) => `| \`${name}\` | ${summary.replaceAll('|', '\\|')} |`),
    '',
  ]
  const table = [
    ...rows('step', kinds.steps.values()),
    ...rows('probe', kinds.probes.values()),
    ...rows('fault', kinds.faults.values()),
  ].join('\n')
  return text.replace(
    /(<!-- kinds -->)[\s\S]*?(<!-- \/kinds -->)/,
    (_all, open: string, close: string) => `${open}\n\n${table}\n${close}`,
  )
}

function check(): void {
  const stale = [...files]
    .filter(([path, content]) => !existsSync(path) || readFileSync(path, 'utf8') !== content)
    .map(([path]) => path)
  const left = readdirSync(VALIDATORS)
    .map((name) => join(VALIDATORS, name))
    .filter((path) => !files.has(path))
  for (const path of stale) console.error(`${path} is stale: run \`bun run generate\``)
  for (const path of left) console.error(`${path} belongs to no kind any more: run \`bun run generate\``)
  if (stale.length + left.length > 0) process.exitCode = 1
}

function write(): void {
  rmSync(VALIDATORS, { recursive: true, force: true })
  mkdirSync(VALIDATORS, { recursive: true })
  for (const [path, content] of files) writeFileSync(path, content)
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
