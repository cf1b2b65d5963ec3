#!/usr/bin/env bash
# find_package says in one line what an installed tree lacks: a component that is not there, one that nobody knows, an
# archive that was lost.
# usage: components.sh CMAKE BUILD
set -euo pipefail
cmake=${1:?} build=${2:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --prefix "$work/prefix" --component client >/dev/null

# asks COMPONENT: what find_package says
asks() {
  rm -rf "$work/project" && mkdir "$work/project"
  printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(asks CXX)' \
    "find_package(Obscura REQUIRED COMPONENTS $1)" >"$work/project/CMakeLists.txt"
  "$cmake" -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/prefix" 2>&1 | tr -s ' \n' ' '
}
expect() { [[ $(asks "$1") == *"$2"* ]] || { echo "COMPONENTS $1 said: $(asks "$1")"; exit 1; }; }
expect client 'Generating done'
expect 'client server' "component 'server' is not installed here"
expect 'client telepathy' "no component 'telepathy': there are client, server"
rm "$work"/prefix/lib*/libobscura_owner.a "$work"/prefix/lib*/*/libobscura_owner.a 2>/dev/null || true
expect client 'but this file does not exist'
