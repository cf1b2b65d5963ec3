#!/usr/bin/env bash
# REST by curl alone: queries as raw bodies, keys in pieces by Content-Range.
# usage: curl.sh OBSCURA OBSCURA_SERVER SOURCE_FOLDER
source "$(dirname "$0")/common.sh"
command -v curl > /dev/null || skip "curl is not installed"
prepare
base=http://127.0.0.1:$http_port
piece=$((1 << 20))

# ask EXPECTED_STATUS PATH [CURL OPTIONS...]: the body goes to $work/body, the head to $work/head
ask() {
  local expected=$1 path=$2 got
  shift 2
  got=$(curl --silent --show-error --max-time 120 -o "$work/body" -D "$work/head" -w '%{http_code}' "$@" "$base$path")
  [[ $got == "$expected" ]] || fail "$path: status $got, expected $expected: $(head -c 300 "$work/body")"
}
# has TEXT: in the last body
has() {
  grep -q -F -- "$1" "$work/body" || fail "no $1 in: $(head -c 300 "$work/body")"
}
bearer=(-H "Authorization: Bearer $token")
raw=(-H 'Inference-Header-Content-Length: 0' -H 'Content-Type: application/octet-stream' --data-binary "@$work/query.ct")

ask 200 /v2/health/live
ask 200 /v2/health/ready
ask 200 /v2/models/mnist/ready
ask 200 /v2
has '"obscura_keys_v1"'
ask 401 /v2/models/mnist
has '"code":"unauthenticated"'
grep -q -i '^www-authenticate: bearer' "$work/head" || fail "a 401 does not say how to authenticate"
ask 401 /v2/models/mnist -H 'Authorization: Bearer obs_0123456789abcdef_x'
ask 200 /v2/models/mnist "${bearer[@]}"
has '"obscura_ckks"'
spec=$(grep -o '"client_spec":"[0-9a-f]*"' "$work/body" | cut -d '"' -f 4)
ask 200 "/v2/obscura/specs/$spec" "${bearer[@]}"
[[ $(b2sum -l 256 "$work/body" | cut -d ' ' -f 1) == "$spec" ]] || fail "the client spec has another hash than its name"
ask 404 /v2/models/nothing "${bearer[@]}"
has '"error"'

ask 424 /v2/models/mnist/infer "${bearer[@]}" "${raw[@]}"
has '"code":"keys_unknown"'
ask 200 "/v2/obscura/keys/$hash" "${bearer[@]}"
has '"state":"absent"'

# put OFFSET STATUS: one piece
put() {
  local offset=$1 status=$2 length
  length=$((key_bytes - offset < piece ? key_bytes - offset : piece))
  tail -c +$((offset + 1)) "$key_file" | head -c "$length" > "$work/piece" || true
  ask "$status" "/v2/obscura/keys/$hash" "${bearer[@]}" -X PUT -H 'Expect:' --data-binary "@$work/piece" \
    -H 'Content-Type: application/octet-stream' -H "Content-Range: bytes $offset-$((offset + length - 1))/$key_bytes"
}
put "$piece" 409
has '"code":"conflict"'
for ((offset = 0; offset < key_bytes; offset += piece)); do
  if ((offset + piece < key_bytes)); then put "$offset" 202; else put "$offset" 201; fi
done
has '"state":"ready"'
ask 200 /v2/obscura/keys "${bearer[@]}"
has "$hash"

# The answer: the whole body, or what follows the JSON and its length in 4 bytes where a header says how long that is.
take_answer() {
  local json
  json=$(sed -n -E 's/^inference-header-content-length: *([0-9]+).*/\1/Ip' "$work/head")
  if [[ -z $json || $json == 0 ]]; then cp "$work/body" "$1"; else tail -c +$((json + 5)) "$work/body" > "$1"; fi
}
for accept in '*/*' application/octet-stream; do
  ask 200 /v2/models/mnist/infer "${bearer[@]}" "${raw[@]}" -H "Accept: $accept"
  take_answer "$work/answer.ct"
  check_answer "$work/answer.ct"
done

ask 200 "/v2/obscura/keys/$hash" "${bearer[@]}" -X DELETE
ask 424 /v2/models/mnist/infer "${bearer[@]}" "${raw[@]}"
ask 200 /metrics
has 'http'
check_log
