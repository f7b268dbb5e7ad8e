/** The kinds of files at a path. */
import { CheckFailure } from './errors.ts'

export const fileKinds = ['file', 'folder', 'link', 'fifo', 'socket', 'device', 'other'] as const
export type FileKind = (typeof fileKinds)[number]

const WORDS: Readonly<Record<FileKind, string>> = {
  file: 'a file',
  folder: 'a folder',
  link: 'a link that leads nowhere',
  fifo: 'a FIFO',
  socket: 'a socket',
  device: 'a device',
  other: 'not a file',
}

/** `a FIFO`. */
export function aKind(kind: FileKind): string {
  return WORDS[kind]
}

/** Only files have content; reading a FIFO or a device would block or take something away. */
export function notAFile(path: string, kind: FileKind): CheckFailure {
  return new CheckFailure(`${path} is ${kind === 'other' ? WORDS.other : `${WORDS[kind]}, and not a file`}`)
}

/** From the words of `stat` for a type: GNU and BusyBox `%F`, BSD `%HT`. */
export function kindOfWords(words: string): FileKind {
  const first = words.trim().toLowerCase().split(' ')[0] ?? ''
  const kinds: Readonly<Record<string, FileKind>> = {
    regular: 'file',
    directory: 'folder',
    symbolic: 'link',
    fifo: 'fifo',
    socket: 'socket',
    character: 'device',
    block: 'device',
  }
  return kinds[first] ?? 'other'
}
