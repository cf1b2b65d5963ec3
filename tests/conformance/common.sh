# Sourced by the tests here, with their arguments: OBSCURA OBSCURA_SERVER SOURCE_FOLDER.
# A server with one model, and an owner with keys and a query of a seven; a client carries them between the two.
set -euo pipefail
obscura=${1:?} server=${2:?} source=${3:?}
here=$(dirname "${BASH_SOURCE[0]}")
work=$(mktemp -d)
server_process=

end() {
  if [[ -n $server_process ]]; then
    kill "$server_process" 2> /dev/null || true
    wait "$server_process" 2> /dev/null || true
  fi
  rm -rf "$work"
}
trap end EXIT

skip() {
  echo "skipped: $1"
  exit 77
}

fail() {
  echo "failed: $1"
  [[ -f $work/server.log ]] && tail -n 20 "$work/server.log"
  exit 1
}

# The owner's side, and a server that is ready: sets http_port, grpc_port, token, hash and key_bytes.
prepare() {
  "$obscura" compile "$source/models/tenseal-mnist.onnx" --out "$work/models/mnist" > "$work/compile.log"
  "$obscura" keygen --client "$work/models/mnist/client.spec" --out "$work/keys" > "$work/keygen.log"
  "$obscura" encrypt --keys "$work/keys" "$source/samples/digits/7-0.png" --out "$work/query.ct" > "$work/encrypt.log"
  key_file=$work/keys/evaluation.key
  hash=$(b2sum -l 256 "$key_file" | cut -d ' ' -f 1)
  key_bytes=$(stat -c %s "$key_file")
  token=$("$server" token create --state "$work/state" --tenant conformance)
  "$server" serve --models "$work/models" --state "$work/state" --listen 127.0.0.1:0 --grpc 127.0.0.1:0 \
    --ready-file "$work/ready" > "$work/server.log" 2>&1 &
  server_process=$!
  for _ in $(seq 1200); do
    [[ -s $work/ready ]] && break
    kill -0 "$server_process" 2> /dev/null || fail "the server ended before it was ready"
    sleep 0.1
  done
  [[ -s $work/ready ]] || fail "the server was not ready within two minutes"
  http_port=$(sed -E 's/.*"http": ?([0-9]+).*/\1/' "$work/ready")
  grpc_port=$(sed -E 's/.*"grpc": ?([0-9]+).*/\1/' "$work/ready")
}

# The owner reads a client's answer file: the picture is a seven.
check_answer() {
  local class
  class=$("$obscura" decrypt --keys "$work/keys" --query "$work/query.ct" "$1") || fail "the owner cannot read $1"
  [[ $class == "7 "* ]] || fail "the image of a 7 came back as: $class"
  echo "read as: $(head -n 1 <<< "$class")"
}

# Nothing secret in what the server wrote.
check_log() {
  if grep -q -F "$token" "$work/server.log"; then fail "the token stands in the server's log"; fi
}
