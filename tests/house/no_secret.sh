#!/usr/bin/env bash
# What a server links can neither decrypt nor hold a secret key: no archive or program given has a symbol, defined or
# wanted, that names SecretKey, Decryptor or a decrypt function.
# usage: no_secret.sh FILE...            prints what it finds; exit code 1 if there is something
#        no_secret.sh --control FILE...  the reverse: fails if nothing is found, which would mean that the search is blind
set -euo pipefail
control=
if [[ ${1:-} == --control ]]; then
  control=yes
  shift
fi
(($#)) || { echo "usage: no_secret.sh [--control] FILE..."; exit 2; }

found=0
for file in "$@"; do
  [[ -f $file ]] || { echo "no such file: $file"; exit 2; }
  symbols=$(nm --demangle "$file")
  [[ -n $symbols ]] || { echo "$file has no symbols to look at"; exit 2; }
  # Lines without an address and a type are the names of an archive's members.
  if hits=$(grep -E '^([0-9a-f]+| +) [A-Za-z] ' <<<"$symbols" |
    grep -E '\b(SecretKey|Decryptor)\b|\bdecrypt(_[A-Za-z0-9_]+)?(\[abi:[a-z0-9]+\])?[(<]'); then
    found=$((found + $(wc -l <<<"$hits")))
    [[ $control ]] || printf '%s:\n%s\n' "$file" "$hits"
  fi
done

if [[ $control ]]; then
  ((found)) || { echo "no secret found where there must be one"; exit 1; }
  echo "the search sees the secret half: $found symbols"
else
  ((found == 0)) || { echo "$found symbols of the secret half in what a server links"; exit 1; }
  echo "$# files hold no way to decrypt"
fi
