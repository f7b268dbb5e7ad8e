#!/usr/bin/env bun
/** argv in, exit code out: the composition root, and the only file that exits. */
import { main } from './commands/main.ts'

// Whatever ends this process before `main` has spoken is an error of ours, never a silent 0.
process.exitCode = 3
// No `await`: bytecode is made of CommonJS, which has none at the top.
void main(process.argv.slice(2)).then((code) => process.exit(code))
