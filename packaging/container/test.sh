#!/usr/bin/env bash
# Runs an image of build.sh as its users are told to (docs/packages.md): no root, no capability, a root folder that cannot
# be written, one volume; asks it, stops it, starts it again on the same state. By hand: ./dev test-container
# usage: test.sh IMAGE.tar
set -euo pipefail
archive=${1:?usage: test.sh IMAGE.tar}
work=$(mktemp -d)
fail() { echo "test-container: $*" >&2; exit 1; }
pass() { echo "passed: $*"; }
# A storage of its own, and limits that every host allows.
podman=(podman --root "$work/storage" --runroot "$work/run" --storage-driver vfs)
limits=(--ulimit nofile=4096:4096 --ulimit nproc=4096:4096)
leave() {
  "${podman[@]}" rm --all --force >/dev/null 2>&1 || true
  "${podman[@]}" volume rm --all --force >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap leave EXIT

image=$("${podman[@]}" load --quiet --input "$archive" | sed -n 's/^Loaded image: *//p')
[[ $image ]] || fail "$archive was not taken"
run() { "${podman[@]}" run "${limits[@]}" --network none "$@"; }
# crun does not take the cgroups of every host.
if ! said=$(run --rm "$image" --version 2>&1); then
  podman+=(--runtime runc --cgroup-manager cgroupfs)
  run --rm "$image" --version >/dev/null 2>&1 || fail "podman cannot run it here: $said"
fi
setting() { "${podman[@]}" inspect --format "{{$1}}" "$image" 2>/dev/null || true; }
[[ $(setting .Config.User) == 65532:65532 ]] || fail "its user is $(setting .Config.User)"
[[ $(setting .Config.Volumes) == *'/var/lib/obscura'* ]] || fail "its volumes are $(setting .Config.Volumes)"
[[ $(setting .Config.StopSignal) =~ ^(SIGTERM|15)$ ]] || fail "it is stopped by $(setting .Config.StopSignal)"
[[ $(run --rm "$image" --version) == obscura\ * ]] || fail "no version"

mkdir -m 755 "$work/models"
run --rm --user 0 --volume "$work/models:/mnt/models" "$image" compile /usr/share/obscura/models/tenseal-mnist.onnx \
  --out /mnt/models/mnist >/dev/null 2>&1 || fail "a network could not be compiled in it"
closed=(--read-only --cap-drop all --security-opt no-new-privileges)
start() {
  run --detach --name server "${closed[@]}" --tmpfs /tmp --volume "$work/models:/mnt/models:ro" \
    --volume state:/var/lib/obscura "$image" >/dev/null
  for _ in $(seq 300); do
    inside obscura remote ping --server http://127.0.0.1:8080 >/dev/null 2>&1 && return 0
    [[ $("${podman[@]}" inspect --format '{{.State.Running}}' server) == true ]] || fail "it ended: $("${podman[@]}" logs server 2>&1 | tail -n 3)"
    sleep 0.2
  done
  fail "it does not answer"
}
inside() { local options=(); while [[ $1 == -* ]]; do options+=("$1" "$2"); shift 2; done; "${podman[@]}" exec "${options[@]}" server "$@"; }

start
[[ $(inside id -u) == 65532 ]] || fail "runs as $(inside id -u)"
! inside touch /usr/bin/something 2>/dev/null || fail "its root folder can be written"
! inside touch /mnt/models/something 2>/dev/null || fail "its models can be written"
inside grep -qE '^CapBnd:\s+0+$' /proc/1/status || fail "it has capabilities: $(inside grep Cap /proc/1/status)"
[[ $(inside readlink /proc/1/exe) == /usr/libexec/obscura/obscura-server ]] || fail "runs $(inside readlink /proc/1/exe)"
if "${podman[@]}" image inspect "$image" | grep -q '"Healthcheck"'; then
  "${podman[@]}" healthcheck run server || fail "not healthy by its own check"
  pass "healthy by its own check"
fi
token=$(inside obscura token create --state /var/lib/obscura --tenant clinic 2>/dev/null)
ask() {
  inside --env "OBSCURA_TOKEN=$token" obscura remote classify "/usr/share/obscura/samples/digits/$1-0.png" --keys /tmp/keys --top 1 --json \
    --server http://127.0.0.1:8080 2>"$work/said" | grep -q "\"label\": *\"$1\"" || fail "the $1 was not found: $(cat "$work/said")"
}
ask 7
pass "as user 65532, without capabilities, its root read-only: a seven was classified"
"${podman[@]}" stop --time 45 server >/dev/null 2>&1
code=$("${podman[@]}" inspect --format '{{.State.ExitCode}}' server)
[[ $code == 0 ]] || fail "stopped with $code"
"${podman[@]}" rm server >/dev/null
start
inside --env "OBSCURA_TOKEN=$token" obscura remote keys list --server http://127.0.0.1:8080 | grep -q ready || fail "its keys are gone with the container"
pass "stopped by its signal, started again on the same volume, knows the keys"
