#!/usr/bin/env bash
# A server and a client as two processes that share nothing but a network: what each does and sees, side by side.
# usage: demo_service.sh BUILD_FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
obscura=${1:?usage: demo_service.sh BUILD_FOLDER}/obscura
work=$(mktemp -d)
server=
finish() {
  [[ -z $server ]] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "${*//$work\//}"; "$@"; }

say "The server's side: a network is compiled, and served"
run "$obscura" compile models/tenseal-mnist.onnx --out "$work/served/mnist" | tail -n 3
token=$("$obscura" token create --state "$work/server" --tenant clinic 2>/dev/null)
echo '$ obscura serve --models served --state server &'
"$obscura" serve --models "$work/served" --state "$work/server" --listen 127.0.0.1:0 --ready-file "$work/ready" \
  --log "$work/server.log" >"$work/server.out" &
server=$!
for ((i = 0; i < 300; ++i)); do
  [[ ! -e $work/ready ]] || break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.out"; exit 1; }
  sleep 0.1
done
sed "s#$work/##" "$work/server.out"
port=$(sed -E 's/.*"http":([0-9]+).*/\1/' "$work/ready")
export OBSCURA_SERVER=http://127.0.0.1:$port OBSCURA_TOKEN=$token

say "The owner's side: keys are made here, and never sent but for the evaluation half"
mapfile -t pictures < <(find samples -name '*.png' | sort | head -n 4)
run "$obscura" remote models
run "$obscura" remote classify --keys "$work/keys" "${pictures[@]}"
run "$obscura" remote keys list

say "What the server has seen: a line a request, and nothing of a picture, a key or a token"
grep -v '"status":202' "$work/server.log" | cut -c -200
echo "(and $(grep -c '"status":202' "$work/server.log") like them for further pieces of the keys)"
say "What it keeps: evaluation keys, named by their hash; they decrypt nothing"
(cd "$work/server" && find keys -type f -printf '%s bytes  %p\n')
say "And any client of the Open Inference Protocol (KServe v2) may ask"
echo '$ curl -H "Authorization: Bearer $OBSCURA_TOKEN" '"$OBSCURA_SERVER/v2/models/mnist"
curl -s -H "Authorization: Bearer $token" "$OBSCURA_SERVER/v2/models/mnist"
echo
