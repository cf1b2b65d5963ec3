#!/usr/bin/env bash
# The chapters of examples/ by pkg-config and the compiler alone, on the installed tree that install.sh left, and what its
# files say where something is missing.
# usage: pkgconfig.sh FOLDER NETWORK   FOLDER as of install.sh
set -euo pipefail
folder=${1:?} network=${2:?}
command -v pkg-config >/dev/null || { echo "no pkg-config here"; exit 77; }
files=$(dirname "$(find "$folder/prefix" -name obscura-client.pc)")
export PKG_CONFIG_PATH=$files
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# chapter NAME MODULE...
chapter() {
  local name=$1
  shift
  # Flags are words of their own.
  # shellcheck disable=SC2046
  g++ -std=c++20 -O1 $(pkg-config --cflags "$@") "$folder/examples/$name.cpp" -o "$work/$name" $(pkg-config --libs "$@") ||
    { echo "$name was not built with: $(pkg-config --cflags --libs "$@")"; exit 1; }
}
chapter 1_encrypt obscura-client
chapter 4_network obscura-compiler obscura-server obscura-client
chapter 5_server obscura-server
chapter 6_shield obscura-attacks obscura-shield
chapter 7_remote obscura-remote
"$work/1_encrypt"
"$work/4_network" "$network"
"$work/6_shield" >/dev/null
# What a server links cannot decrypt, in whatever order its modules were named.
if nm -C "$work/5_server" | grep -q 'ckks::SecretKey'; then echo "5_server has a secret key"; exit 1; fi

# --static tells those of the outside libraries, too; an owner's are few enough to be linked whole.
# shellcheck disable=SC2046
g++ -std=c++20 -O1 -static $(pkg-config --cflags obscura-client) "$folder/examples/1_encrypt.cpp" -o "$work/static" \
  $(pkg-config --libs --static obscura-client)
"$work/static"
! ldd "$work/static" >/dev/null 2>&1 || { echo "a static program loads libraries"; exit 1; }

version=$(pkg-config --modversion obscura-client)
for module in "$files"/obscura-*.pc; do
  module=$(basename "$module" .pc)
  [[ $(pkg-config --modversion "$module") == "$version" ]] || { echo "$module is of another version"; exit 1; }
  pkg-config --validate "$module"
done
# A module without those that it is built on says which.
mkdir "$work/alone"
cp "$files/obscura-server.pc" "$work/alone"
if said=$(PKG_CONFIG_PATH=$work/alone PKG_CONFIG_LIBDIR=$work/alone pkg-config --libs obscura-server 2>&1); then
  echo "obscura-server alone was taken: $said"; exit 1
fi
[[ $said == *obscura-client* ]] || { echo "obscura-server alone said: $said"; exit 1; }
