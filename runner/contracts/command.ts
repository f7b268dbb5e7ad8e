/**
 * All that `exec` takes. An argv is seen by no shell; a script is run by the target's `sh` and travels over
 * stdin, with its values as shell variables, so that a value can become neither syntax nor visible in an argv.
 */
export type Command =
  | { readonly argv: readonly string[] }
  | { readonly sh: string; readonly set?: Readonly<Record<string, string>> | undefined }

/** Quotes one word for POSIX `sh`. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The command as text for POSIX `sh`: what travels over stdin, and what undo files hold. */
export function toShell(command: Command): string {
  if ('argv' in command) return command.argv.map(quote).join(' ')
  return [...assignments(command.set), command.sh].join('\n')
}

function assignments(set: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(set).map(([name, value]) => `${name}=${quote(value)}`)
}

/** The command as a person would type it, for titles and `show`. Values of a script stay names. */
export function says(command: Command): string {
  return 'argv' in command ? command.argv.map(quote).join(' ') : command.sh
}

/** The command with its values in place of the variables that carry them: unquoted `"$SD_1"`, within double quotes `${SD_1}`. */
export function filledIn(command: Command): string {
  if ('argv' in command || command.set === undefined) return says(command)
  const { set } = command
  return command.sh.replace(/"\$(SD_\d+(?:_\d+)?)"|\$\{(SD_\d+(?:_\d+)?)\}/g, (whole, word, piece) => {
    const value = set[word ?? piece]
    if (value === undefined) return whole
    return word === undefined ? value.replace(/[\\"$`]/g, '\\$&') : quote(value)
  })
}
