#!/usr/bin/env bash
# Every test of the page is one of ctest's.
# usage: list.sh NODE NAME...
set -euo pipefail
node=${1:?}
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
diff <("$node" "$here/run.mjs" --list | sort) <(printf '%s\n' "$@" | sort)
