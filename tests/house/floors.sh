#!/usr/bin/env bash
# The floors hold: a folder of src/ includes only itself and what stands before it in the list below, no folder on the
# server's side of ckks sees the secret half, and LibTorch stays in src/train.
# usage: floors.sh SOURCE_FOLDER   prints each include that breaks a rule; exit code 1 if there is one
set -euo pipefail
src=${1:?usage: floors.sh SOURCE_FOLDER}

floors=(base ring ckks circuits image nn compile runtime owner shield train search audit serve cli)
without_secret='base ring ckks circuits image nn compile runtime'

declare -A height
for i in "${!floors[@]}"; do height[${floors[i]}]=$i; done

broken=0
complain() {
  printf '%s: %s\n' "$1" "$2"
  broken=1
}

# check FILE INCLUDED: one #include "INCLUDED" that stands in src/FILE
check() {
  local file=$1 included=$2 folder=${1%%/*} from=${2%%/*}
  if [[ $included != */* || -z ${height[$from]:-} ]]; then
    complain "$file" "\"$included\" does not start with the name of a floor"
  elif ((height[$from] > height[$folder])); then
    complain "$file" "\"$included\" stands below: $folder may use only ${floors[*]:0:height[$folder] + 1}"
  elif [[ $included == ckks/secret_* && " $without_secret " == *" $folder "* && $file != ckks/secret_* ]]; then
    complain "$file" "\"$included\" is the owner's; the server's side must not see it"
  fi
}

cd "$src"
files=0
while IFS= read -r file; do
  files=$((files + 1))
  if [[ $file != */* || -z ${height[${file%%/*}]:-} ]]; then
    complain "$file" "is in no floor; add its folder to the list in tests/house/floors.sh and docs/architecture.md"
    continue
  fi
  while IFS= read -r included; do
    check "$file" "$included"
  done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]+)".*/\1/p' "$file")
  if [[ $file != train/* ]] && grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](torch|ATen|c10)/' "$file"; then
    complain "$file" "includes LibTorch, which only src/train may"
  fi
done < <(find . -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.inc' \) | sed 's|^\./||' | sort)

((files > 0)) || complain "$src" "holds no source file"
((broken)) || echo "$files files keep to the floors"
exit "$broken"
