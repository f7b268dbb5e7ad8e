import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root } from './testing.ts'

/** Built-in modules that take milliseconds to load; `process.stdout` takes more than all of them. */
const costly = /^(node:)?(child_process|crypto|http|https|net|stream|tls|tty|url|util|zlib)$/

describe('lint loads no more than it needs', () => {
  const modules = modulesOf(['lint', 'plans/node-down.yaml'])

  test('of the packages', async () => {
    const loaded = await modules
    const packages = loaded.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
    expect([...new Set(packages)].sort()).toEqual([
      '@sinclair/typebox',
      'ajv',
      'commander',
      'fastest-levenshtein',
      'json-p3',
      'yaml',
    ])
  })

  test('validators are compiled ahead of time: of ajv only what they call', async () => {
    const loaded = await modules
    expect(loaded.filter((path) => path.includes('/ajv/')).map((path) => path.split('/ajv/')[1])).toEqual([
      'dist/runtime/ucs2length.js',
    ])
  })

  test('nothing that runs, reports or opens a target', async () => {
    const heavy = /^runner\/(engine|wait|report\/[^/]+\/|targets\/(?!index\.ts|runtime\/[^/]+\.ts))/
    expect((await modules).filter((path) => heavy.test(path))).toEqual([])
  })

  test('of Node’s modules', async () => {
    const ours = (await modules).filter((path) => /^(runner|steps)\//.test(path))
    expect(ours.length).toBeGreaterThan(50)
    const imported = await Promise.all(ours.map(importsOf))
    expect(imported.flat().filter((name) => costly.test(name))).toEqual([])
  })
})

test('a bundle lints without any package beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shakedown-bundle-'))
  try {
    const bundle = `--outdir=${folder}`
    const built = await run(['build', 'runner/cli.ts', '--target=bun', '--format=cjs', bundle])
    expect(built).toMatchObject({ code: 0 })
    const linted = await run(['--no-env-file', '--no-install', join(folder, 'cli.js'), 'lint', 'plans/node-down.yaml'])
    expect(linted).toEqual({ code: 0, out: '1 plan, 1 case: nothing is wrong\n', err: '' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Paths below the checkout. */
async function modulesOf(args: readonly string[]): Promise<string[]> {
  const main = JSON.stringify(join(root, 'runner', 'commands', 'main.ts'))
  const script = `const { main } = await import(${main}); await main(${JSON.stringify(args)}); console.log(Object.keys(require.cache).join('\\n'))`
  const { out, err, code } = await run(['--no-env-file', '-e', script])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
    .split('\n')
    .filter((path) => path.startsWith(root))
    .map((path) => relative(root, path))
}

async function importsOf(path: string): Promise<string[]> {
  const imports = new Bun.Transpiler({ loader: 'ts' }).scanImports(await Bun.file(join(root, path)).text())
  return imports.filter(({ kind }) => kind === 'import-statement').map((one) => one.path)
}

async function run(args: readonly string[]) {
  const child = Bun.spawn([process.execPath, ...args], { cwd: root, stdout: 'pipe', stderr: 'pipe', stdin: 'ignore' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}
