#!/usr/bin/env bun
/** argv in, exit code out: the composition root, and the only file that exits. */
import { main } from './commands/main.ts'

// Whatever ends this process before `main` has spoken is an error of ours, never a silent 0.
process.exitCode = 3
const code = await main(process.argv.slice(2))
// What is still on its way to a pipe has to arrive before the process ends.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))))
process.exit(code)
