import { existsSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { version } from '../../package.json'
import { otherTool } from '../base/other-tools.ts'
import { isError, UsageError } from '../contracts/errors.ts'
import { plannedFlags } from './planned-flags.ts'
import { say, sayError } from './say.ts'

/** Runs the command line and tells the exit code; every error a user can cause is printed here. */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0
  const program = commandLine((exit) => {
    code = exit
  })
  try {
    if (argv.length === 0) {
      program.outputHelp()
      return 2
    }
    refuseOtherTools(argv[0] ?? '', program)
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { printError } = await import('./print-error.ts')
    printError(error)
    return exitOf(error)
  }
}

/** `plan validate x.yaml`: a first word that is neither a command nor a path, and that other tools use for a command. */
function refuseOtherTools(word: string, program: Command): void {
  const hint = otherTool('command', word)
  if (hint === undefined || program.commands.some((command) => command.name() === word) || existsSync(word)) return
  throw new UsageError(`there is no command "${word}"`, hint)
}

function exitOf(error: unknown): number {
  if (isError(error, 'plan') || isError(error, 'usage')) return 2
  if (isError(error, 'restore')) return 4
  return isError(error, 'busy') ? 75 : 3
}

type Ended = (exit: number) => void

function commandLine(ended: Ended): Command {
  const program = new Command('plan')
    .description('Proves that a real stack survives what it will meet.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: line(say), writeErr: line(sayError) })
    .configureHelp({ sortSubcommands: false })
  addRun(program, ended)
  addLint(program, ended)
  addList(program, ended)
  addShow(program, ended)
  addSteps(program, ended)
  addSchema(program, ended)
  addRestore(program, ended)
  addDoctor(program, ended)
  return program
}

/** Commander ends its texts with a line end. */
const line = (print: (text: string) => void) => (text: string) => print(text.replace(/\n$/, ''))

const many = (value: string, before: string[] = []) => [...before, value]

const color = () =>
  new Option('--color <when>', 'colors in what is printed').choices(['auto', 'always', 'never']).default('auto')

/** Flags that choose which cases are meant; the same for every command that reads plans. */
function choosing(command: Command): Command {
  return command
    .option(
      '--grep <text>',
      'only cases whose title, file or description has this text (a /regular expression/ works, too)',
    )
    .option('--tag <tag>', 'only plans with this tag (repeatable)', many)
    .option('--target <name>', 'run on this target instead of the plan’s own (repeatable)', many)
    .option('--input <name=value>', 'an input of the plan, or @FILE with several (repeatable)', many)
    .option('--matrix <axis=value>', 'only cases with this value of an axis (repeatable)', many)
    .addOption(color())
    .option('--quiet', 'only what failed, and the totals')
    .option('--verbose', 'every reading and change, too')
}

function addRun(program: Command, ended: Ended): void {
  const command = program
    .command('run', { isDefault: true })
    .description('runs plans (the default: `plan FILE` is `plan run FILE`)')
    .argument('<paths...>', 'plans, or folders of them')
    .option('--reporter <name[:path]>', 'pretty, tap, tap13, junit, ndjson (repeatable)', many)
    .option('--workers <n>', 'cases side by side', '1')
    .option('--bail [n]', 'stop after this many failed cases (1 when no number is given)')
    .option('--check', 'run only what reads, up to the first step that changes')
    .option('--keep', 'leave changes in, and print how to undo them')
    .option('--abandon', 'when interrupted, leave changes in, too, and print how to undo them')
    .option('--wait-lock <duration>', 'wait so long for a target that another run holds')
    .option('--no-skip', 'a prerequisite that is unavailable fails')
    .option('--allow-breaking', 'break things on a target with `protect: true`')
    .option('--output <folder>', 'where results go', 'shakedown-results')
    .option('--timeout <duration>', 'for each case, instead of the plan’s')
  plannedFlags(command)
  choosing(command).action(async (paths, flags) => {
    const { runPlans } = await import('./run.ts')
    ended(await runPlans(paths, flags))
  })
}

function addLint(program: Command, ended: Ended): void {
  choosing(program.command('lint').description('says what is wrong with plans; touches nothing'))
    .argument('<paths...>', 'plans, or folders of them')
    .action(async (paths, flags) => {
      const { lint } = await import('./lint.ts')
      ended(await lint(paths, flags))
    })
}

function addList(program: Command, ended: Ended): void {
  choosing(program.command('list').description('lists the cases that would run'))
    .argument('<paths...>', 'plans, or folders of them')
    .action(async (paths, flags) => {
      const { list } = await import('./list.ts')
      ended(await list(paths, flags))
    })
}

function addShow(program: Command, ended: Ended): void {
  choosing(program.command('show').description('shows each step, what it will do and its undo; touches nothing'))
    .argument('<paths...>', 'plans, or folders of them')
    .action(async (paths, flags) => {
      const { show } = await import('./show.ts')
      ended(await show(paths, flags))
    })
}

function addSteps(program: Command, ended: Ended): void {
  program
    .command('steps')
    .description('documents steps, probes, faults, matchers, and the keys of plans and targets')
    .argument('[name]', 'one of them: run, gte, matrix, capture, exit-codes')
    .option('--grep <text>', 'only pages about this')
    .option('--from <path>', 'a plan or targets.yaml whose plugins are meant, too', '.')
    .action(async (name, flags) => {
      const { documentSteps } = await import('./steps.ts')
      ended(await documentSteps(name, flags))
    })
}

function addSchema(program: Command, ended: Ended): void {
  program
    .command('schema')
    .description('prints the JSON Schema for an editor, with the kinds of your plugins')
    .argument('[which]', 'plan or targets', 'plan')
    .option('--from <path>', 'a plan or targets.yaml whose plugins are meant, too', '.')
    .action(async (which, flags) => {
      const { printSchema } = await import('./schema.ts')
      ended(await printSchema(which, flags))
    })
}

function addRestore(program: Command, ended: Ended): void {
  program
    .command('restore')
    .description('puts back what a run that was killed, or --keep, has left')
    .argument('[paths...]', 'targets.yaml, or folders with one (default: all below this folder)')
    .option('--target <name>', 'only this target (repeatable)', many)
    .option('--list', 'only says what is left')
    .option('--force', 'put back, too, what somebody else has changed since')
    .option('--give-up', 'strike off what can not be put back; nothing watches over it any more')
    .option('--scan', 'also finds what carries our labels and has no journal; with --yes that is removed')
    .option('--yes', 'remove what --scan has found')
    .addOption(color())
    .action(async (paths, flags) => {
      const { restore } = await import('./restore.ts')
      ended(await restore(paths, flags))
    })
}

function addDoctor(program: Command, ended: Ended): void {
  program
    .command('doctor')
    .description('says what targets stand on, what is missing, and how to get it; touches nothing')
    .argument('[paths...]', 'targets.yaml, or folders with one (default: this folder and plans)')
    .option('--target <name>', 'only this target (repeatable)', many)
    .addOption(color())
    .action(async (paths, flags) => {
      const { doctor } = await import('./doctor.ts')
      ended(await doctor(paths, flags))
    })
}
