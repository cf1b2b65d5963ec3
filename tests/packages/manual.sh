#!/usr/bin/env bash
# The manual page names every verb of the program and no other, and bash completes verbs, sub-verbs and options.
# usage: manual.sh SOURCE OBSCURA
set -euo pipefail
source=${1:?} obscura=${2:?}
verbs=$("$obscura" --help | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z][a-z-]*)( .*)?$/\1/p' | sort)
[[ $(wc -l <<<"$verbs") -gt 15 ]] || { echo "obscura --help told only: $verbs"; exit 1; }
page=$(awk '/^\.SH VERBS/ {on = 1; next} /^\.SH/ {on = 0} on && /^\.B / {print $2}' "$source/packaging/man/obscura.1" | sort)
diff <(echo "$verbs") <(echo "$page") || { echo "the manual page has other verbs than the program"; exit 1; }
if command -v man >/dev/null; then
  said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 man --warnings -l "$source/packaging/man/obscura.1" 2>&1 >/dev/null || true)
  [[ -z $said ]] || { echo "man: $said"; exit 1; }
fi

# completed WORD...: what is offered for the last of them
PATH=$(dirname "$obscura"):$PATH
completed() {
  bash -c 'source "$1"; shift; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _obscura; echo "${COMPREPLY[*]}"' \
    _ "$source/packaging/completion/obscura" "$@"
}
expect() {
  local wanted=$1 said
  shift
  said=$(completed "$@")
  [[ " $said " == *" $wanted "* ]] || { echo "'$*' offers: $said"; exit 1; }
}
expect keygen obscura key
expect --version obscura --ver
expect --client obscura keygen --cl
expect params obscura audit pa
expect --log-qp obscura audit params --log
expect encrypt obscura en
[[ -z $(completed obscura keygen nothing-like-that) ]] || { echo "files are not left to bash"; exit 1; }
