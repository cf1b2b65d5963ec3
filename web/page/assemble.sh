#!/usr/bin/env bash
# The page whole, as `obscura serve --web` serves it: sources, the client, samples.
# usage: assemble.sh CLIENT_FOLDER OUT_FOLDER    (the client: obscura-client of ./dev web)
set -euo pipefail
client=${1:?usage: assemble.sh CLIENT_FOLDER OUT_FOLDER} out=${2:?usage: assemble.sh CLIENT_FOLDER OUT_FOLDER}
page=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -f $client/index.js ]] || { echo "assemble: $client has no index.js: ./dev web makes it" >&2; exit 1; }
next=$out.next
rm -rf "$next"
mkdir -p "$next/js" "$next/client" "$next/samples"
cp "$page"/{index.html,style.css,icon.svg} "$next/"
cp "$page"/js/*.js "$next/js/"
# What a browser loads of it: neither types nor what is for npm.
find "$client" -maxdepth 1 -type f \( -name '*.js' -o -name '*.mjs' -o -name '*.wasm' \) -exec cp {} "$next/client/" \;
cp "$page"/../../samples/digits/?-0.png "$next/samples/"
chmod -R u=rwX,go=rX "$next"
rm -rf "$out"
mv "$next" "$out"
