/** The shell that puts a file of a target back, and the one that proves it. */
import { quote } from '../contracts/command.ts'
import type { Undo } from '../contracts/undo.ts'
import { AFTER, DRIFTED, FORCE } from '../contracts/undo.ts'
import { DRIFT } from './drift.ts'

export interface FileScripts {
  readonly path: string
  /** The target of the link, if the path is one. */
  readonly link?: string | undefined
  /** Undefined: it was not there. `mode` without leading zeros, `owner` as `UID:GID`. */
  readonly before: { readonly hash: string; readonly mode: string; readonly owner: string } | undefined
  /** Hash of the written content. */
  readonly after: string
  /** The folder in which `then` runs. */
  readonly directory: string
  /** The shell of each command of `then`, which is kept as `then-1`. */
  readonly thens: readonly string[]
}

/**
 * What is as it was is put back already. What was written, and what `then` made of it (kept as `after`), is put back now, by a
 * rename, since a half written file would be nobody's. Anything else is somebody else's and left alone. A folder that is gone
 * counts as undone. `then` runs again, and whatever it does to the file is put back, too. `undoing` remembers that
 * the file was ours, and `done` that `then` went well: an undo that is tried again must not take the file alone for the whole.
 */
export function fileScripts(change: FileScripts): Pick<Undo, 'sh' | 'verify'> {
  const { before, directory, thens } = change
  const runs = thens.map((shell, index) => `${shell} "$kept.then-${index + 1}" </dev/null || exit 1`)
  const again = [`cd ${quote(directory)} || exit 0`, ...runs, 'put_back || exit 1']
  return {
    sh: `${preamble(change)}
${DRIFT}
kept=\${0%.*}
case $kept in /*) ;; *) kept=$PWD/$kept ;; esac
[ -e "$kept.done" ] && exit 0
# What a writer that was killed has left.
rm -f "$beside"*.tmp
${before ? putBack(before, change.link) : REMOVE}
${ours(change)}
now=$(state)
ours || {
  drift "$file" "$kept.pre-image" "$file"
  ${before ? WORDS_OF_MODE : ':'}
  exit ${DRIFTED}
}
true >"$kept.undoing"
put_back || exit 1
${thens.length === 0 ? '' : `${again.join('\n')}\n`}: >"$kept.done"
exit 0`,
    verify: `${preamble(change)}
is_back || { echo "$file is not as it was" >&2; exit 1; }`,
  }
}

/** A link is followed and not replaced; where `then` replaced it, it is made again. GNU and BusyBox know `stat -c`, BSD knows `-f`. */
function preamble({ path, link, before }: FileScripts): string {
  return `path=${quote(path)}
file=$path
[ -L "$path" ] && file=$(readlink -f "$path")
[ -d "$(dirname "$file")" ] || exit 0
beside=$(dirname "$file")/.$(basename "$file").shakedown-
was='${before ? `${before.hash} ${before.mode} ${before.owner}` : 'none'}'
hash() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi <"$1" | cut -d' ' -f1; }
about() { stat -c '%a %u:%g' -- "$1" 2>/dev/null || stat -f '%Lp %u:%g' "$1"; }
state() {
  if [ ! -e "$file" ]; then echo none
  elif [ ! -f "$file" ]; then echo other
  else echo "$(hash "$file") $(about "$file")"
  fi
}
is_back() { [ "$(state)" = "$was" ]${link === undefined ? '' : ` && [ "$(readlink "$path")" = ${quote(link)} ]`}; }`
}

/** Where the run ended while \`then\` was under way there is no record of what it left: it is taken for ours. */
function ours({ before, after, thens }: FileScripts): string {
  const written = before ? `'${after} ${before.mode} ${before.owner}'` : `'${after} '*`
  const unknown = thens.length > 0 ? `[ ! -e "$kept.${AFTER}" ] && return 0\n  ` : ''
  return `ours() {
  [ "$now" = "$was" ] || [ -e "$kept.undoing" ] || [ -n "$${FORCE}" ] && return 0
  case $now in ${written}) return 0 ;; esac
  ${unknown}[ "$now" = "$(cat "$kept.${AFTER}" 2>/dev/null)" ]
}`
}

/** A copy of the existing file comes first, for its other properties: an access list. */
function putBack({ mode, owner }: NonNullable<FileScripts['before']>, link: string | undefined): string {
  const linked = `[ -L "$path" ] || { rm -rf "$path"; ln -s ${quote(link ?? '')} "$path" || return 1; }
  file=$(readlink -f "$path")
  beside=$(dirname "$file")/.$(basename "$file").shakedown-
  `
  return `put_back() {
  is_back && return 0
  ${link === undefined ? '' : linked}  new=$beside$$.tmp
  [ ! -d "$file" ] || rm -rf "$file"
  [ ! -f "$file" ] || cp -p "$file" "$new"
  ( umask 077; cat "$kept.pre-image" >"$new" ) || { rm -f "$new"; return 1; }
  case $(about "$new") in *" ${owner}") ;; *) chown ${owner} "$new" || { rm -f "$new"; return 1; } ;; esac
  chmod ${mode} "$new" && mv -f "$new" "$file" || { rm -f "$new"; return 1; }
}`
}

const REMOVE = 'put_back() { rm -rf "$file"; }'

const WORDS_OF_MODE = `case $now in *' '*) [ "\${now#* }" = "\${was#* }" ] || echo "mode and owner were \${was#* }, and are \${now#* }" >&2 ;; esac`
