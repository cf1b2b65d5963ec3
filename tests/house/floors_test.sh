#!/usr/bin/env bash
# floors.sh finds what it is there to find, in a small house made for the purpose.
# usage: floors_test.sh
set -euo pipefail
check=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/floors.sh
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT

# file PATH LINE...: a source file of the made-up house
file() {
  mkdir -p "$house/src/$(dirname "$1")"
  printf '%s\n' "${@:2}" >"$house/src/$1"
}

# row FOLDER LEANS: one of its table
row() { printf '| `src/%s` | `t_%s` | what lives there | %s |\n' "$1" "$1" "$2"; }

build() {
  rm -rf "${house:?}"/*
  { row base 'fmt'; row ckks 'base, libsodium'; row secret 'ckks'; row nn 'base, OpenCV (dnn)'; row runtime 'ckks'
    row train 'nn, LibTorch'; row study 'runtime'; row study/learning 'study, train'
    row cli 'secret, study/learning'; } >"$house/table.md"
  file base/error.h '#pragma once' '#include <fmt/format.h>'
  file ckks/encoder.h '#include <sodium.h>' '#include <vector>'
  file secret/key.h '#include "ckks/encoder.h"' '#include "base/error.h"' '// #include "cli/verbs.h"'
  file secret/public_owner.cpp '#include "obscura/owner.h"'
  file cli/main.cpp '#include "secret/key.h"' '#include "base/error.h"' '#include "study/learning/attack.h"'
  file study/learning/attack.h '#include <torch/torch.h>' '#include "study/run.h"'
  file study/figures/run.h '#include "base/error.h"'
}

failed=0
# expect PATH LINE SAID: a file that breaks one rule, and a piece of what must be said about it
expect() {
  local path=$1 line=$2 said=$3 answer
  build
  if ! answer=$(bash "$check" "$house/src" "$house/table.md"); then
    echo "a sound house is refused: $answer"
    failed=1
  fi
  [[ $path == table.md ]] && printf '%s\n' "$line" >>"$house/table.md" || file "$path" "$line"
  if answer=$(bash "$check" "$house/src" "$house/table.md"); then
    echo "not found: $path with $line"
    failed=1
  elif [[ $answer != *"$said"* ]]; then
    echo "found $path, but said: $answer"
    failed=1
  fi
}

expect ckks/ntt.cpp '#include "runtime/run.h"' 'ckks may use only ckks base fmt libsodium'
expect runtime/run.cpp '#  include "train/trainer.h"' 'runtime may use only'
expect runtime/run.cpp '#include "secret/key.h"' 'runtime may use only'
expect nn/graph.cpp '#include "ckks/encoder.h"' 'nn may use only'
expect ckks/ntt.cpp '#include "modulus.h"' 'name of a floor'
expect ckks/ntt.cpp '#include "../base/error.h"' 'name of a floor'
expect ckks/ntt.cpp '#include "obscura/owner.h"' 'is for outsiders'
expect study/figures/run.cpp '#include "train/trainer.h"' 'study may use only'
expect study/run.cpp '#include "study/learning/attack.h"' 'study may use only'
expect attic/old.cpp '#include <vector>' 'in no floor'
expect nn/graph.cpp '#include <torch/torch.h>' '<torch/torch.h>: nn may use only'
expect base/file.cpp '#include <sodium.h>' '<sodium.h>: base may use only'
expect table.md "$(row attic 'serve')" "leans on 'serve'"
expect table.md "$(row attic 'boost')" "leans on 'boost'"
exit "$failed"
