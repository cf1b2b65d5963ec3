#!/usr/bin/env bash
# The floors hold: a folder of src/ includes only itself and what stands before it in the list below, no folder on the
# server's side of ckks sees the secret half, and LibTorch stays in src/train.
# usage: floors.sh SOURCE_FOLDER   prints each include that breaks a rule; exit code 1 if there is one
set -euo pipefail
src=${1:?usage: floors.sh SOURCE_FOLDER}

floors=(base ring ckks circuits image nn report compile runtime owner shield train search audit serve study cli)
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
  elif [[ $file == study/* && $file != study/learning/* && $included =~ ^(train|audit|study/learning)/ ]]; then
    complain "$file" "\"$included\" is of what needs LibTorch, which of study only study/learning may use"
  elif [[ $included == ckks/secret_* && " $without_secret " == *" $folder "* && $file != ckks/secret_* ]]; then
    complain "$file" "\"$included\" is the owner's; the server's side must not see it"
  fi
}

cd "$src"
mapfile -t files < <(find . -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.inc' \) -printf '%P\n' | sort)
((${#files[@]})) || { echo "$src holds no source file"; exit 1; }
for file in "${files[@]}"; do
  [[ $file == */* && ${height[${file%%/*}]:-} ]] ||
    complain "$file" "is in no floor; add its folder to the list in tests/house/floors.sh and docs/architecture.md"
done
((broken == 0)) || exit 1

include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'
while IFS= read -r line; do
  included=${line#*\"}
  check "${line%%:*}" "${included%%\"*}"
done < <(grep -HE "${include}\"" "${files[@]}")
while IFS= read -r line; do
  [[ $line == train/* ]] || complain "${line%%:*}" "includes LibTorch, which only src/train may"
done < <(grep -HE "${include}[<\"](torch|ATen|c10)/" "${files[@]}")

((broken)) || echo "${#files[@]} files keep to the floors"
exit "$broken"
