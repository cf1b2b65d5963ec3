#!/usr/bin/env bash
# Installs the library, as an outsider has it, and builds the chapters of examples/ on it, in a folder of its own.
# usage: install.sh CMAKE BUILD SOURCE FOLDER
set -euo pipefail
cmake=${1:?} build=${2:?} source=${3:?} folder=${4:?}
rm -rf "$folder"
for component in client server remote compiler shield attacks; do
  "$cmake" --install "$build" --prefix "$folder/prefix" --component "$component" >/dev/null
done
# Away from the project: nothing of its own may be found by a relative path.
cp -r "$source/examples" "$folder/examples"
"$cmake" -S "$folder/examples" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/prefix" >"$folder/configure.log" 2>&1 ||
  { cat "$folder/configure.log"; exit 1; }
"$cmake" --build "$folder/build" --parallel 2 >"$folder/build.log" 2>&1 || { cat "$folder/build.log"; exit 1; }
echo "installed and built in $folder"
