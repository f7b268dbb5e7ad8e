/** A command inside a container as an undo: run there by the Engine, with nothing but `sh` outside. */
import { type Command, quote } from '../../../contracts/command.ts'
import type { FileUndo } from '../../../contracts/target.ts'
import { NOTE } from '../../../contracts/undo.ts'
import { named } from './group.ts'
import { commandBody, INSIDE, type InsideOptions } from './inside-script.ts'
import type { Inspection } from './inspection.ts'

/** Its exit code is that of the command; a container that is gone counts as undone. */
export function commandUndoInside(
  of: Inspection,
  shell: string,
  command: Command,
  verify: Command | undefined,
  options: InsideOptions,
): FileUndo {
  const run = (words: string, kept: string) => `${shell}
${INSIDE}
look ${of.Id}
case $state in
  running) ;;
  gone) ${words}; exit 0 ;;
  *) refuse ${quote(`nothing can be run in ${named(of).name}`)}", which is $state: it is started again first" ;;
esac
inside ${of.Id} "$kept.${kept}"`
  return {
    sh: run(`echo ${quote(`${NOTE}${named(of).name} was removed by somebody else meanwhile`)}`, 'inside'),
    verify: verify && run(':', 'inside-check'),
    keeps: {
      inside: commandBody(command, options),
      ...(verify ? { 'inside-check': commandBody(verify, options) } : {}),
    },
  }
}
