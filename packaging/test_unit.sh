#!/usr/bin/env bash
# Run by test_packages.sh in a booted Debian 12 with obscura-server installed: the unit starts, is closed as it says, serves
# with and without TLS, survives a kill, stops, and is gone with its package. Leaves "passed" or why not in /packages/result.
set -euo pipefail
trap 'echo "failed in line $LINENO: $(journalctl -u obscura-server -n 5 --no-pager -o cat 2>/dev/null | tail -n 5)" >/packages/result' ERR
fail() { echo "$*; $(journalctl -u obscura-server -n 2 --no-pager -o cat 2>/dev/null)" >/packages/result; exit 1; }
samples=/usr/share/obscura/samples/digits
ready() { # URL [OPTION...]
  for _ in $(seq 300); do
    obscura remote ping --server "$@" >/dev/null 2>&1 && return 0
    systemctl is-failed --quiet obscura-server && fail "the unit failed"
    sleep 0.2
  done
  fail "no answer at $1"
}

[[ $(systemctl is-enabled obscura-server || true) == disabled ]] || fail "enabled by its package"
[[ $(systemctl is-active obscura-server || true) == inactive ]] || fail "started by its package"
obscura compile /usr/share/obscura/models/tenseal-mnist.onnx --out /etc/obscura/models/mnist >/dev/null 2>&1
systemctl enable --now --quiet obscura-server
ready http://127.0.0.1:8443

# What runs, and what it may.
pid=$(systemctl show -P MainPID obscura-server)
status=/proc/$pid/status
[[ $(stat -c %U "/proc/$pid") == _obscura ]] || fail "runs as $(stat -c %U "/proc/$pid")"
[[ $(readlink "/proc/$pid/exe") == /usr/libexec/obscura/obscura-server ]] || fail "runs $(readlink "/proc/$pid/exe")"
grep -qE '^CapBnd:\s+0+$' "$status" || fail "capabilities: $(grep Cap "$status")"
grep -qE '^NoNewPrivs:\s+1$' "$status" || fail "may gain privileges"
grep -qE '^Seccomp:\s+2$' "$status" || fail "no filter of system calls"
[[ $(stat -c '%U %a' /var/lib/obscura) == '_obscura 700' ]] || fail "state: $(stat -c '%U %a' /var/lib/obscura)"

export OBSCURA_TOKEN
OBSCURA_TOKEN=$(runuser -u _obscura -- obscura token create --state /var/lib/obscura --tenant clinic 2>/dev/null)
classify() { # DIGIT [OPTION...]
  local digit=$1
  shift
  obscura remote classify "$samples/$digit-0.png" --keys /root/keys --top 1 --json "$@" 2>/packages/said >/packages/answer ||
    fail "classify: $(cat /packages/said)"
  grep -q "\"label\": *\"$digit\"" /packages/answer || fail "the $digit came back as: $(cat /packages/answer)"
}
classify 3 --server http://127.0.0.1:8443

# Killed, it comes back, and knows the keys.
kill -KILL "$pid"
ready http://127.0.0.1:8443
[[ $(systemctl show -P MainPID obscura-server) != "$pid" ]] || fail "not restarted"
classify 5 --server http://127.0.0.1:8443
! grep -q 'sending' /packages/said || fail "keys were sent again after a kill: $(cat /packages/said)"

# TLS as /etc/default/obscura-server says.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout /etc/obscura/tls/key.pem -out /etc/obscura/tls/cert.pem 2>/dev/null
sed -nE 's/^# +(OBSCURA_SERVE=.*)/\1/p' /etc/default/obscura-server >/packages/default
[[ $(wc -l </packages/default) == 1 ]] || fail "no line for TLS in /etc/default/obscura-server"
cp /packages/default /etc/default/obscura-server
[[ ! -e /usr/share/obscura/web/site ]] || sed -i 's/"$/ --web"/' /etc/default/obscura-server
cp /etc/obscura/tls/cert.pem /root/ca.pem
systemctl restart obscura-server
ready https://localhost:8443 --ca /root/ca.pem
classify 7 --server https://localhost:8443 --ca /root/ca.pem
if [[ -e /usr/share/obscura/web/site ]]; then
  curl --silent --fail --include --cacert /root/ca.pem https://localhost:8443/ >/packages/page || fail "no page"
  grep -qi '^content-security-policy:' /packages/page || fail "the page has no policy: $(head -n 1 /packages/page)"
fi

systemctl stop obscura-server
[[ $(systemctl show -P Result obscura-server) == success ]] || fail "stopped with $(systemctl show -P Result obscura-server)"
systemctl start obscura-server
ready https://localhost:8443 --ca /root/ca.pem
dpkg --purge obscura-server >/dev/null 2>&1
! pgrep -x obscura-server >/dev/null 2>&1 || fail "goes on after its package was purged"
[[ ! -e /var/lib/obscura && ! -e /etc/obscura && ! -e /etc/default/obscura-server ]] || fail "purge left something"
! getent passwd _obscura >/dev/null || fail "purge left the user"
echo passed >/packages/result
