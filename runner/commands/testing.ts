/** For tests that use the command line as a user does. */
import { join } from 'node:path'

/** The checkout. */
export const root = join(import.meta.dir, '..', '..')

/** Runs `plan` to its end. */
export async function runCli(
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
) {
  const child = Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
    stdin: 'ignore',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, code }
}
