#!/usr/bin/env bash
# Chapter 7: an outsider's program at a server, which is asked twice with the same keys and once without its token.
# usage: remote.sh COMPILED_FOLDER CHAPTERS OBSCURA
set -euo pipefail
net=${1:?} chapters=${2:?} obscura=${3:?}
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/models"
cp -r "$net" "$work/models/mnist"
"$obscura" serve --models "$work/models" --state "$work/state" --listen 127.0.0.1:0 --ready-file "$work/ready" \
  >"$work/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  [[ -s $work/ready ]] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.1
done
port=$(sed -n 's/.*"http":\([0-9]*\).*/\1/p' "$work/ready")
"$obscura" token create --state "$work/state" --tenant outsider >"$work/token"

answer=$("$chapters/7_remote" "http://127.0.0.1:$port" "$work/token" "$work/keys" 2>"$work/said")
[[ $answer == 7 ]] || { echo "the seven came back as: $answer; $(cat "$work/said")"; exit 1; }
grep -q 'bytes sent' "$work/said" || { echo "no keys were sent: $(cat "$work/said")"; exit 1; }
answer=$("$chapters/7_remote" "http://127.0.0.1:$port" "$work/token" "$work/keys" 2>"$work/said")
[[ $answer == 7 ]] || { echo "the second seven came back as: $answer"; exit 1; }
! grep -q 'bytes sent' "$work/said" || { echo "keys were sent twice"; exit 1; }
echo obs_wrong >"$work/wrong"
if "$chapters/7_remote" "http://127.0.0.1:$port" "$work/wrong" >/dev/null 2>"$work/said"; then
  echo "a wrong token was taken"; exit 1
fi
grep -q '(unauthenticated)' "$work/said" || { echo "a wrong token got: $(cat "$work/said")"; exit 1; }
