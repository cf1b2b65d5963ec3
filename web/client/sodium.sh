#!/usr/bin/env bash
# libsodium's sources as Debian's source package has them, with Debian's patches: fetched by apt, which checks their
# signature, with lists of its own so that the machine's stay as they are.
# usage: sodium.sh FOLDER
set -euo pipefail
folder=${1:?usage: sodium.sh FOLDER}
[[ ! -f $folder/src/libsodium/include/sodium.h ]] || exit 0
work=$folder.fetching
rm -rf "$work"
mkdir -p "$work"/{lists/partial,archives/partial}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Where this machine gets its packages from, there are their sources, too.
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null | head -n 1 | tr -d ' ' || true)
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
echo "deb-src [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $suite main" >"$work/sources.list"
options=(-q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache::Archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
  -o APT::Sandbox::User= -o Acquire::Retries=3)
{
  apt-get "${options[@]}" update
  (cd "$work" && apt-get "${options[@]}" source --download-only libsodium)
  dpkg-source --extract "$work"/libsodium_*.dsc "$work/source"
} >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "web: libsodium's source package cannot be fetched" >&2; exit 1; }
rm -rf "$folder"
mv "$work/source" "$folder"
rm -rf "$work"
