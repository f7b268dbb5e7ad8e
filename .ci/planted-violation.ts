/** dependency-cruiser once read no module at all and reported success: a violation that is planted must be found. */
import { rmSync, writeFileSync } from 'node:fs'

const planted = 'runner/contracts/planted-violation.ts'
writeFileSync(planted, "import '../engine/run.ts'\n")
try {
  const { exitCode, stdout } = Bun.spawnSync([
    'bun',
    '--bun',
    'node_modules/.bin/depcruise',
    '--config',
    '.ci/dependency-cruiser.cjs',
    'runner/contracts',
  ])
  if (exitCode === 0 || !stdout.toString().includes('contracts-know-base')) {
    console.error('the planted violation was not found:\n', stdout.toString())
    process.exitCode = 1
  }
} finally {
  rmSync(planted)
}
