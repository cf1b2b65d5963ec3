#!/usr/bin/env bash
# Run by test_packages.sh as root of a bare Debian 12 that has the packages in /packages: installs each, uses it as its
# users do, purges it, and looks for what is left.
set -euo pipefail
cd /packages
shopt -s nullglob
trap 'echo "FAILED in line $LINENO: $BASH_COMMAND" >&2' ERR
fail() { echo "FAILED: $*" >&2; exit 1; }
pass() { echo "passed: $*"; }
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >/packages/apt.log 2>&1 || { tail -n 20 /packages/apt.log >&2; fail "apt-get $*"; }; }
install_debs() { apt install --no-install-recommends "${@/#//packages/}"; }
# Whether the best class of a JSON result in /packages/said is this.
says() { tr -d ' \n' </packages/said | grep -q "\"label\":\"$1\""; }
kilobytes() { dpkg-query -W -f '${Installed-Size}' "$1"; }
has() { [[ -n $(echo "$1"_*.deb) ]]; }

# before PACKAGE: what there was before it. Every file and folder but those of Debian's own bookkeeping.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /packages -o -path /var/cache -o \
    -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log -o -path /root \) -prune -o -print | sort
}
before() { files >"/packages/before-$1"; }
nothing_left() {
  local name=$1 owned left
  apt purge "$name"
  files >/packages/after
  left=$(comm -13 "/packages/before-$name" /packages/after | grep -i obscura || true)
  [[ -z $left ]] || fail "purging $name left: $left"
  ! getent passwd _obscura >/dev/null || [[ $name != obscura-server ]] || fail "purging $name left its user"
  owned=$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null || true)
  [[ -z $owned || $owned == un* ]] || fail "$name is still known to dpkg: $owned"
  pass "$name purged, nothing left"
}

apt update
before obscura
samples=/usr/share/obscura/samples/digits models=/usr/share/obscura/models

# --- obscura: a picture encrypted, classified and decrypted by an ordinary user
useradd --create-home owner
as_owner() { runuser -u owner -- env -C /home/owner HOME=/home/owner "$@"; }
install_debs obscura_*.deb
[[ $(obscura --version | wc -l) == 1 ]] || fail "obscura --version is not one line"
as_owner obscura compile $models/tenseal-mnist.onnx --out net >/dev/null 2>&1
as_owner obscura keygen --client net/client.spec --out keys >/dev/null 2>&1
as_owner obscura encrypt $samples/7-0.png --keys keys --out query.ct >/dev/null 2>&1
as_owner obscura classify query.ct --program net/server.program --eval-keys keys/evaluation.key --out answer.ct >/dev/null 2>&1
as_owner obscura decrypt answer.ct --keys keys --top 1 --json 2>/dev/null >/packages/said
says 7 || fail "the seven came back as: $(cat /packages/said)"
as_owner obscura demo --help >/dev/null || fail "obscura demo"
as_owner obscura evaluate --network $models/tenseal-mnist.onnx --dataset samples --limit 3 --json >/dev/null 2>&1 || fail "obscura evaluate"
said=$(as_owner obscura train --help 2>&1 || true)
[[ $said == *'package obscura-learning'* ]] || fail "without obscura-learning, train says: $said"
said=$(as_owner obscura serve --help 2>&1 || true)
[[ $said == *'package obscura-server'* ]] || fail "without obscura-server, serve says: $said"
[[ -s /usr/share/man/man1/obscura.1.gz && -s /usr/share/doc/obscura/copyright ]] || [[ -e /etc/dpkg/dpkg.cfg.d/docker ]] || fail "no manual page"
pass "obscura: a picture compiled for, encrypted, classified, decrypted ($(kilobytes obscura) KB installed)"

# --- obscura-server: the unit's command as the unit's user, with the unit's configuration
if has obscura-server; then
  before obscura-server
  install_debs obscura-server_*.deb
  getent passwd _obscura >/dev/null || fail "no user _obscura"
  [[ $(stat -c %a /etc/obscura/tls) == 700 ]] || fail "/etc/obscura/tls can be read by others"
  obscura compile $models/tenseal-mnist.onnx --out /etc/obscura/models/mnist >/dev/null 2>&1
  install -d -o _obscura -g _obscura -m 700 /var/lib/obscura  # as StateDirectory= does
  (
    set -a
    . /etc/default/obscura-server
    set +a
    command=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/obscura-server.service)
    # Words of the variable are words of the command, as systemd reads it.
    # shellcheck disable=SC2086
    eval "exec setpriv --reuid _obscura --regid _obscura --clear-groups --no-new-privs --bounding-set -all env -i PATH=/usr/bin STATE_DIRECTORY=/var/lib/obscura $command"
  ) >/packages/served 2>&1 &
  server=$!
  for _ in $(seq 300); do
    obscura remote ping --server http://127.0.0.1:8443 >/dev/null 2>&1 && break
    kill -0 $server 2>/dev/null || { cat /packages/served >&2; fail "the service ended"; }
    sleep 0.2
  done
  [[ $(stat -c %U "/proc/$server") == _obscura ]] || fail "the service runs as $(stat -c %U /proc/$server)"
  [[ $(readlink "/proc/$server/exe") == /usr/libexec/obscura/obscura-server ]] || fail "the service is $(readlink /proc/$server/exe)"
  token=$(runuser -u _obscura -- obscura token create --state /var/lib/obscura --tenant clinic 2>/dev/null)
  as_owner env OBSCURA_TOKEN="$token" obscura remote classify $samples/3-0.png --top 1 --keys remote --server http://127.0.0.1:8443 --json 2>/dev/null \
    >/packages/said
  says 3 || fail "the three came back as: $(cat /packages/said)"
  kill -TERM $server
  wait $server || fail "the service ended with $?"
  said=$(runuser -u _obscura -- obscura serve --models /etc/obscura/models --state /etc/obscura --listen 127.0.0.1:0 2>&1 || true)
  [[ $said == *'/etc/obscura'* ]] || fail "a state that cannot be written said: $said"
  pass "obscura-server: served as $(id -un _obscura), asked by an owner, stopped ($(kilobytes obscura-server) KB installed)"
  nothing_left obscura-server
fi

# --- obscura-learning
if has obscura-learning; then
  before obscura-learning
  install_debs obscura-learning_*.deb
  as_owner obscura train --help >/dev/null || fail "obscura train"
  as_owner obscura train --model tenseal --dataset samples --epochs 1 --limit 200 --out small.onnx >/packages/said 2>&1 || fail "obscura train: $(tail -n 3 /packages/said)"
  pass "obscura-learning: trained a network ($(kilobytes obscura-learning) KB installed)"
  nothing_left obscura-learning
fi

# --- the libraries: an owner by pkg-config with the client package alone, the chapters by CMake with both
apt install --no-install-recommends g++ pkgconf cmake make
before libobscura-client-dev
install_debs libobscura-client-dev_*.deb
client=$(kilobytes libobscura-client-dev)
((client <= 5000)) || fail "libobscura-client-dev takes $client KB, more than 5 MB"
cat >/packages/owner.cpp <<'CPP'
#include <obscura/owner.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

int main(int, char** argv) {
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<char> spec((std::istreambuf_iterator<char>(in)), {});
  obscura::Owner owner(obscura::BytesView(reinterpret_cast<const unsigned char*>(spec.data()), spec.size()));
  std::printf("%zu bytes of keys\n", owner.evaluation_keys().size());
}
CPP
# shellcheck disable=SC2046
g++ -std=c++20 -O1 $(pkg-config --cflags obscura-client) owner.cpp -o owner $(pkg-config --libs --static obscura-client)
./owner /home/owner/net/client.spec
pass "libobscura-client-dev: an owner built by pkg-config ($client KB installed)"
if has libobscura-dev; then
  before libobscura-dev
  install_debs libobscura-dev_*.deb
  cp -r /usr/share/doc/libobscura-dev/examples chapters
  cmake -S chapters -B chapters/build >/packages/cmake.log 2>&1 || { tail -n 20 cmake.log >&2; fail "cmake"; }
  cmake --build chapters/build --parallel "$(nproc)" >/packages/cmake.log 2>&1 || { tail -n 20 cmake.log >&2; fail "building the chapters"; }
  chapters/build/1_encrypt >/dev/null
  chapters/build/4_network $models/tenseal-mnist.onnx >/dev/null
  # shellcheck disable=SC2046
  g++ -std=c++20 -O1 $(pkg-config --cflags obscura-compiler) chapters/4_network.cpp -o network $(pkg-config --libs obscura-compiler)
  ./network $models/tenseal-mnist.onnx >/dev/null
  pass "libobscura-dev: the chapters built by CMake, one by pkg-config ($(kilobytes libobscura-dev) KB installed)"
  nothing_left libobscura-dev
fi
nothing_left libobscura-client-dev

# --- Python
if has python3-obscura; then
  before python3-obscura
  install_debs python3-obscura_*.deb
  cat >/home/owner/first.py <<'PYTHON'
import sys

import obscura.owner

loaded = [name for name in sys.modules if name.startswith("obscura.")]
assert not any("server" in name or "compiler" in name for name in loaded), loaded

import numpy as np

import obscura

program = obscura.compile("/usr/share/obscura/models/tenseal-mnist.onnx")
owner, server = obscura.Owner(program.client), obscura.Server(program)
keys = server.add_keys(owner.evaluation_keys())
picture = np.zeros((28, 28), np.uint8)
picture[4:6, 7:21] = picture[4:24, 19:21] = 255  # a seven, more or less
logits = owner.decrypt(server.run(owner.encrypt(picture), keys))
assert np.argmax(logits) == 7, logits
PYTHON
  as_owner python3 first.py 2>/packages/said || fail "Python: $(tail -n 3 /packages/said)"
  [[ -n $(find /usr/lib/python3/dist-packages/obscura -name '*.pyc' -print -quit) ]] || fail "python3-obscura was not compiled to bytes"
  pass "python3-obscura: a seven encrypted, classified and decrypted ($(kilobytes python3-obscura) KB installed)"
  if has python3-obscura-learning; then
    said=$(as_owner python3 -c 'import obscura.audit as a; a.attacks()' 2>&1 || true)
    [[ $said == *LibTorch* ]] || fail "without python3-obscura-learning, attacks say: $said"
    before python3-obscura-learning
    install_debs python3-obscura-learning_*.deb
    as_owner python3 -c 'import obscura.audit as a; assert len(a.attacks()) > 3' || fail "attacks from Python"
    pass "python3-obscura-learning: attacks are there ($(kilobytes python3-obscura-learning) KB installed)"
    nothing_left python3-obscura-learning
  fi
  nothing_left python3-obscura
fi

rm -rf /home/owner/net /home/owner/keys
nothing_left obscura
echo "every package was installed, used and purged"
