/** What somebody else changed, as an undo shows it: shell, so that it can be shown wherever the undo is run. */

const MOST_LINES = 40
const WIDEST = 200

/** Name of the empty file beside an undo that keeps what it holds from being shown: a secret of the plan is in it. */
export const PRIVATE = 'private'

/**
 * Defines `drift FILE BEFORE NOW`: says that somebody else changed FILE, and how NOW differs from what it was, unless either is
 * binary or may hold secrets: those of the plan, files that not everybody may read, and what is named like one.
 */
export const DRIFT = `binary() { [ "$(tr -d '\\000' <"$1" | wc -c)" != "$(wc -c <"$1")" ]; }
secret() { grep -qiE 'pass(word|wd|phrase)|secret|token|credential|private|api_?key' "$1"; }
private() {
  [ -e "$kept.${PRIVATE}" ] && return
  case \${1##*/} in .env* | *.pem | *.key | id_*) return 0 ;; esac
  [ ! -e "$1" ] || case $(ls -ldL "$1") in ???????r*) ;; *) return 0 ;; esac
  secret "$2" || secret "$3"
}
drift() {
  echo "$1 was changed by somebody else meanwhile"
  if [ ! -e "$2" ] || [ ! -e "$3" ]; then return; fi
  if private "$1" "$2" "$3"; then echo "how is not shown, since it may hold secrets"
  elif binary "$2" || binary "$3"; then echo "it is binary"
  elif command -v diff >/dev/null 2>&1; then
    echo "from what it was before to what it is now:"
    LC_ALL=C diff -u "$2" "$3" | sed '1,2d' | cut -c1-${WIDEST} | head -n ${MOST_LINES}
  fi
} >&2`
