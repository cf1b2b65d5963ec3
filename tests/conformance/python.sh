#!/usr/bin/env bash
# Debian's gRPC for Python, with stubs made from the published .proto files.
# usage: python.sh OBSCURA OBSCURA_SERVER SOURCE_FOLDER
source "$(dirname "$0")/common.sh"
python=/usr/bin/python3
command -v protoc > /dev/null || skip "protoc is not installed (protobuf-compiler)"
plugin=$(command -v grpc_python_plugin) || skip "grpc_python_plugin is not installed (protobuf-compiler-grpc)"
"$python" -c 'import grpc, google.protobuf' 2> /dev/null || skip "grpc is not installed for python3 (python3-grpcio)"

prepare
mkdir "$work/stubs"
protoc --proto_path="$source/src/serve/grpc" --python_out="$work/stubs" --grpc_out="$work/stubs" \
  --plugin=protoc-gen-grpc="$plugin" inference.proto obscura.proto
PYTHONPATH=$work/stubs TOKEN=$token "$python" "$here/grpc_client.py" "127.0.0.1:$grpc_port" "$key_file" "$work/query.ct" \
  "$work/answer" || fail "the client failed"
for form in raw contents stream; do check_answer "$work/answer.$form"; done
check_log
