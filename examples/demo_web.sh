#!/usr/bin/env bash
# A server with the page: prints an address to open, with a token in it, and serves until Ctrl-C.
# usage: demo_web.sh BUILD_FOLDER [--port PORT]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
obscura=${1:?usage: demo_web.sh BUILD_FOLDER [--port PORT]}/obscura
shift
port=0
while (($#)); do
  case $1 in
    --port) port=${2:?--port takes a number}; shift 2 ;;
    *) echo "demo_web.sh: '$1' is not known: --port PORT" >&2; exit 2 ;;
  esac
done
work=$(mktemp -d)
server=
finish() {
  [[ -z $server ]] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "${*//$work\//}"; "$@"; }

network=models/tenseal-mnist.onnx
say "A network is compiled, and a gallery of drawn digits is made that can be searched blind"
run "$obscura" compile "$network" --out "$work/served/mnist" | tail -n 3
run "$obscura" index --dataset samples --limit 1000 --network "$network" --vectors output --out "$work/digits" | tail -n 1
run "$obscura" search compile --gallery "$work/digits" --network "$network" | tail -n 1
token=$("$obscura" token create --state "$work/state" --tenant demo --expires 1d 2>/dev/null)

say "They are served with the page"
echo '$ obscura serve --web --models served --gallery digits --state state &'
"$obscura" serve --web --models "$work/served" --gallery "$work/digits" --state "$work/state" --listen "127.0.0.1:$port" \
  --ready-file "$work/ready" --log "$work/server.log" >"$work/server.out" &
server=$!
for ((i = 0; i < 600; ++i)); do
  [[ ! -e $work/ready ]] || break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.out"; exit 1; }
  sleep 0.1
done
sed "s#$work/##" "$work/server.out"
port=$(sed -E 's/.*"http":([0-9]+).*/\1/' "$work/ready")
say "Open this in a browser on this machine (it holds a token, which the page takes out of the address)"
printf 'http://localhost:%s/#token=%s\n\nCtrl-C ends it; everything is removed then.\n' "$port" "$token"
wait "$server"
