#!/usr/bin/env bash
# Owner and server as two programs with a folder each: the owner's makes keys, encrypts and decrypts; the server's, which
# cannot decrypt, is given the program, the evaluation keys and the query; the owner's sees no network, only the spec.
# usage: server_classifies.sh OBSCURA SERVER_SIDE SOURCE_FOLDER
set -euo pipefail
obscura=${1:?} server_side=${2:?} source=${3:?}
owner=$(mktemp -d)
server=$(mktemp -d)
trap 'rm -rf "$owner" "$server"' EXIT
network=$source/models/tenseal-mnist.onnx

"$obscura" compile "$network" --out "$server/net"
mv "$server/net/client.spec" "$owner/client.spec"
"$obscura" keygen --client "$owner/client.spec" --out "$owner/keys"
cp "$owner/keys/evaluation.key" "$server/evaluation.key"
for digit in 3 7; do
  "$obscura" encrypt --keys "$owner/keys" "$source/samples/digits/$digit-0.png" --out "$owner/query.ct"
  mv "$owner/query.ct" "$server/query.ct"
  "$server_side" classify --program "$server/net/server.program" --eval-keys "$server/evaluation.key" \
    "$server/query.ct" --out "$server/answer.ct"
  mv "$server/answer.ct" "$owner/answer.ct"
  answer=$("$obscura" decrypt --keys "$owner/keys" "$owner/answer.ct")
  [[ $answer == "$digit "* ]] || { echo "the image of a $digit came back as: $answer"; exit 1; }
done
