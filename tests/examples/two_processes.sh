#!/usr/bin/env bash
# Chapter 5: owner and server as two processes with a folder each, and nothing passing between them but files.
# usage: two_processes.sh COMPILED_FOLDER CHAPTERS NO_SECRET_SCRIPT
set -euo pipefail
net=${1:?} chapters=${2:?} no_secret=${3:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/owner" "$work/server"
cp "$net/client.spec" "$work/owner"
cp "$net/server.program" "$work/server"

"$chapters/5_owner" keys "$work/owner/client.spec" "$work/owner/keys"
cp "$work/owner/keys/evaluation.key" "$work/server"
"$chapters/5_owner" encrypt "$work/owner/keys" "$work/owner/query.ct"
cp "$work/owner/query.ct" "$work/server"
"$chapters/5_server" "$work/server/server.program" "$work/server/evaluation.key" "$work/server/query.ct" \
  "$work/server/answer.ct"
answer=$("$chapters/5_owner" read "$work/owner/keys" "$work/server/answer.ct" 2>"$work/said")
[[ $answer == 7 ]] || { echo "the seven came back as: $answer"; exit 1; }
grep -q '^1 answers decrypted' "$work/said" || { echo "not counted: $(cat "$work/said")"; exit 1; }

# The owner's process needs libsodium and the C++ library; the server's cannot decrypt.
libraries=$(ldd "$chapters/5_owner" | awk '{print $1}' | grep -vE '^(linux-vdso|libsodium|libstdc\+\+|libm|libgcc_s|libc|/lib.*ld-linux)' || true)
[[ -z $libraries ]] || { echo "5_owner needs $libraries"; exit 1; }
bash "$no_secret" "$chapters/5_server"

# Each of them in one line, and nothing half-written.
refused() {
  local wanted=$1 said
  shift
  if said=$("$@" 2>&1); then echo "not refused: $*"; exit 1; fi
  [[ $(wc -l <<<"$said") == 1 && $said == *"$wanted"* ]] || { echo "$* said: $said"; exit 1; }
}
refused 'exists' "$chapters/5_owner" keys "$work/owner/client.spec" "$work/owner/keys"
refused 'keys that were made already' "$chapters/5_owner" keys "$work/owner/keys/client.spec" "$work/owner/other"
[[ ! -e $work/owner/other ]] || { echo "a refused key folder was left behind"; exit 1; }
head -c 1000 "$work/server/server.program" >"$work/short"
refused 'truncated' "$chapters/5_server" "$work/short" "$work/server/evaluation.key" "$work/server/query.ct" "$work/out"
"$chapters/5_owner" keys "$work/owner/client.spec" "$work/owner/second" >/dev/null
refused 'key' "$chapters/5_server" "$work/server/server.program" "$work/owner/second/evaluation.key" \
  "$work/server/query.ct" "$work/out"
refused 'key' "$chapters/5_owner" read "$work/owner/second" "$work/server/answer.ct"
[[ ! -e $work/out ]] || { echo "a refused query left an answer"; exit 1; }
