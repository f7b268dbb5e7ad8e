import { type Command, Option } from 'commander'
import { UsageError } from '../contracts/errors.ts'

/** Flags of the language that are not built yet: said plainly, instead of being unknown or, worse, passed over. */
const planned = ['--shard <n/m>', '--retries <n>', '--repeat <n>', '--last-failed']

export function plannedFlags(command: Command): void {
  for (const flags of planned) {
    const option = new Option(flags).hideHelp()
    command.addOption(option)
    command.on(`option:${option.name()}`, () => {
      throw new UsageError(`${option.long} is not built yet`, 'leave it out; CHANGELOG.md tells when it comes')
    })
  }
}
