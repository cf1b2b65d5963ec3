#!/usr/bin/env bash
# The browser's client: libsodium's sources, the floors as WebAssembly, and the package for npm.
# usage: build.sh OUT_FOLDER    (OBSCURA_JOBS: parallel jobs)
set -euo pipefail
out=${1:?usage: build.sh OUT_FOLDER}
client=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
say() { echo "web: $*" >&2; }

command -v em++ >/dev/null || { say "there is no em++: ./dev web installs Debian's emscripten"; exit 1; }
toolchain=/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake
[[ -f $toolchain ]] || { say "there is no $toolchain, which Debian's emscripten has"; exit 1; }
# Where Node.js is not Debian's own it does not look where Debian keeps what emscripten needs.
export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}

"$client/sodium.sh" "$out/libsodium"
cmake -G Ninja -S "$client/.." -B "$out/wasm" -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_BUILD_TYPE=Release \
  -DOBSCURA_SODIUM_SOURCE="$out/libsodium" >"$out/configure.log" 2>&1 || { cat "$out/configure.log" >&2; exit 1; }
cmake --build "$out/wasm" --parallel "${OBSCURA_JOBS:-1}"

# The package is put together beside its place, so that there is always a whole one.
next=$out/obscura-client.next
rm -rf "$next"
mkdir -p "$next"
cp "$client"/*.js "$client/obscura-client.d.ts" "$client/README.md" "$client/../../LICENSE" "$next/"
cp "$out/libsodium/LICENSE" "$next/LICENSE.libsodium"
cp "$out/wasm/obscura.wasm" "$next/"
version=$(sed -nE 's/^project\(obscura VERSION ([0-9.]+) .*/\1/p' "$client/../../CMakeLists.txt")
sed "s/\"version\": \"0.0.0\"/\"version\": \"$version\"/" "$client/package.json" >"$next/package.json"
chmod -R u=rwX,go=rX "$next"
rm -rf "$out/obscura-client"
mv "$next" "$out/obscura-client"
say "obscura.wasm: $(stat -c %s "$out/obscura-client/obscura.wasm") bytes, $(gzip -9 -c "$out/obscura-client/obscura.wasm" | wc -c) with gzip"
