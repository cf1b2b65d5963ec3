#!/usr/bin/env bash
# The floors hold, as the table of docs/architecture.md says: a folder of src/ includes only itself, what its "leans on"
# names, and what that leans on in turn; outside libraries likewise. The table goes downhill: a row names rows above it.
# A row for a folder in a folder, src/study/learning, is a floor of its own.
# usage: floors.sh SOURCE_FOLDER ARCHITECTURE_PAGE   prints each line that breaks a rule; exit code 1 if there is one
set -euo pipefail
src=${1:?usage: floors.sh SOURCE_FOLDER ARCHITECTURE_PAGE}
page=$(realpath "${2:?usage: floors.sh SOURCE_FOLDER ARCHITECTURE_PAGE}")

# What an outside library's headers begin with.
declare -A headers=([torch/]=LibTorch [ATen/]=LibTorch [c10/]=LibTorch [opencv2/]=OpenCV [onnx/]=ONNX [Eigen/]=Eigen
  [sodium]=libsodium [zstd]=zstd [zlib]=zlib [fmt/]=fmt [nlohmann/]=nlohmann-json [CLI/]=CLI11 [sqlite3]=SQLite [jpeglib]=libjpeg-turbo
  [png.h]=libpng [tiffio]=libtiff [webp/]=libwebp [microhttpd]=libmicrohttpd
  [grpcpp/]=gRPC [grpc/]=gRPC [google/protobuf]=gRPC [prometheus/]=prometheus-cpp [curl/]=libcurl)

broken=0
complain() {
  printf '%s: %s\n' "$1" "$2"
  broken=1
}

# allowed[X]: " X a b ... ", with everything that X leans on.
declare -A allowed
floors=()
while IFS='|' read -r _ folder _ _ leans _; do
  folder=${folder//[\` ]/}
  folder=${folder#src/}
  closure=" $folder "
  IFS=',' read -ra names <<<"$(sed 's/([^)]*)//g' <<<"$leans")"
  for name in "${names[@]}"; do
    name=${name// /}
    [[ $name == - ]] && continue
    if [[ ${allowed[$name]:-} ]]; then
      for further in ${allowed[$name]}; do [[ $closure == *" $further "* ]] || closure+="$further "; done
    elif [[ " ${headers[*]} " == *" $name "* ]]; then
      closure+="$name "
    else
      complain "docs/architecture.md" "$folder leans on '$name', which is neither a row above it nor a library that is known"
    fi
  done
  allowed[$folder]=$closure
  floors+=("$folder")
done < <(grep -E '^\| `src/[a-z]+(/[a-z]+)?` \|' "$page")
((${#floors[@]})) || { echo "$page holds no table of floors"; exit 1; }

# floor_of FILE: sets floor, to nothing where it is in none
floor_of() {
  local rest=${1#*/}
  floor=${1%%/*}
  [[ $1 == */* ]] || floor=
  [[ $rest == */* && ${allowed[$floor/${rest%%/*}]:-} ]] && floor+=/${rest%%/*}
  [[ $floor && ${allowed[$floor]:-} ]] || floor=
  return 0
}

# check FILE INCLUDED: one #include "INCLUDED" that stands in src/FILE
check() {
  local file=$1 included=$2 floor folder from
  floor_of "$file" && folder=$floor
  floor_of "$included" && from=$floor
  if [[ $included == obscura/* ]]; then  # include/obscura: what outsiders see, and each header is one file's to implement
    [[ ${file##*/} == public_*.cpp ]] || complain "$file" "\"$included\" is for outsiders, and for the public_*.cpp behind it"
  elif [[ -z $from ]]; then
    complain "$file" "\"$included\" does not start with the name of a floor"
  elif [[ ${allowed[$folder]} != *" $from "* ]]; then
    complain "$file" "\"$included\": $folder may use only${allowed[$folder]}"
  fi
}

# check_outside FILE INCLUDED: one #include <INCLUDED>
check_outside() {
  local file=$1 included=$2 floor folder start
  floor_of "$file" && folder=$floor
  for start in "${!headers[@]}"; do
    [[ $included == "$start"* ]] || continue
    [[ ${allowed[$folder]} == *" ${headers[$start]} "* ]] ||
      complain "$file" "<$included>: $folder may use only${allowed[$folder]}"
  done
}

cd "$src"
mapfile -t files < <(find . -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.inc' \) -printf '%P\n' | sort)
((${#files[@]})) || { echo "$src holds no source file"; exit 1; }
for file in "${files[@]}"; do
  floor_of "$file"
  [[ $floor ]] ||
    complain "$file" "is in no floor; add its folder to the table in docs/architecture.md"
done
((broken == 0)) || exit 1

include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'
while IFS= read -r line; do
  included=${line#*\"}
  check "${line%%:*}" "${included%%\"*}"
done < <(grep -HE "${include}\"" "${files[@]}")
while IFS= read -r line; do
  included=${line#*<}
  check_outside "${line%%:*}" "${included%%>*}"
done < <(grep -HE "${include}<" "${files[@]}")

((broken)) || echo "${#files[@]} files keep to the floors"
exit "$broken"
