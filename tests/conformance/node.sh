#!/usr/bin/env bash
# npm's @grpc/grpc-js, a gRPC of its own written in JavaScript, which reads the published .proto files when it runs.
# usage: node.sh OBSCURA OBSCURA_SERVER SOURCE_FOLDER
source "$(dirname "$0")/common.sh"
command -v node > /dev/null && command -v npm > /dev/null || skip "node and npm are not installed"
mkdir "$work/node"
timeout 120 npm install --prefix "$work/node" --no-audit --no-fund --silent @grpc/grpc-js@1 @grpc/proto-loader@0.8 \
  > "$work/npm.log" 2>&1 || skip "npm cannot install @grpc/grpc-js: there is no registry"

prepare
NODE_PATH=$work/node/node_modules TOKEN=$token node "$here/grpc_client.js" "127.0.0.1:$grpc_port" \
  "$source/src/serve/grpc" "$key_file" "$hash" "$work/query.ct" "$work/answer.ct" || fail "the client failed"
check_answer "$work/answer.ct"
check_log
