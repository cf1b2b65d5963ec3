#!/usr/bin/env bash
# floors.sh finds what it is there to find, in a small house made for the purpose.
# usage: floors_test.sh
set -euo pipefail
check=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/floors.sh
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT

# file PATH LINE...: a source file of the made-up house
file() {
  mkdir -p "$house/$(dirname "$1")"
  printf '%s\n' "${@:2}" >"$house/$1"
}

# Each case: a file that breaks one rule, and a piece of what must be said about it.
failed=0
expect() {
  local path=$1 line=$2 said=$3 answer
  rm -rf "${house:?}"/*
  file base/error.h '#pragma once'
  file ckks/secret_key.h '#pragma once'
  file ckks/secret_key.cpp '#include "ckks/secret_key.h"' '#include <vector>' '// #include "cli/verbs.h"'
  file cli/main.cpp '#include "ckks/secret_key.h"' '#include "base/error.h"'
  if ! answer=$(bash "$check" "$house"); then
    echo "a sound house is refused: $answer"
    failed=1
  fi
  file "$path" "$line"
  if answer=$(bash "$check" "$house"); then
    echo "not found: $path with $line"
    failed=1
  elif [[ $answer != *"$path: "*"$said"* ]]; then
    echo "found $path, but said: $answer"
    failed=1
  fi
}

expect ring/ntt.cpp '#include "ckks/encoder.h"' 'stands below'
expect runtime/run.cpp '#  include "train/trainer.h"' 'stands below'
expect ckks/evaluator.cpp '#include "ckks/secret_key.h"' "the owner's"
expect compile/compiler.h '#include "ckks/secret_key.h"' "the owner's"
expect study/run.cpp '#include "train/trainer.h"' 'only study/learning'
expect ring/ntt.cpp '#include "modulus.h"' 'name of a floor'
expect ring/ntt.cpp '#include "../base/error.h"' 'name of a floor'
expect attic/old.cpp '#include <vector>' 'in no floor'
expect nn/graph.cpp '#include <torch/torch.h>' 'LibTorch'
exit "$failed"
