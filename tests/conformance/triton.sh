#!/usr/bin/env bash
# The bytes that Triton's client for Python sends over HTTP, by Python's http.client.
# usage: triton.sh OBSCURA OBSCURA_SERVER SOURCE_FOLDER
source "$(dirname "$0")/common.sh"
command -v python3 > /dev/null || skip "python3 is not installed"
prepare
TOKEN=$token python3 "$here/triton_client.py" "$http_port" "$key_file" "$work/query.ct" "$work/answer.ct" ||
  fail "the client failed"
check_answer "$work/answer.ct"
check_log
