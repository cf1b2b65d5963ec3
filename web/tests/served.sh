#!/usr/bin/env bash
# What the tests of the page are served: a compiled network, and a gallery of samples that browsers can search.
# usage: served.sh OBSCURA SOURCE OUT
set -euo pipefail
obscura=${1:?} source=${2:?} out=${3:?}
[[ -f $OBSCURA_SITE/index.html ]] || { echo "skipped: there is no page in $OBSCURA_SITE: ./dev web makes it"; exit 77; }
network=$source/models/tenseal-mnist.onnx
rm -rf "$out"
mkdir -p "$out/models"
"$obscura" compile "$network" --out "$out/models/mnist"
"$obscura" index --dataset samples --limit 200 --network "$network" --vectors output --out "$out/gallery"
"$obscura" search compile --gallery "$out/gallery" --network "$network"
