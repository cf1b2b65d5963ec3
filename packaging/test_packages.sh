#!/usr/bin/env bash
# Each Debian package installed, used and purged in a bare Debian 12. Takes some minutes and a few GB below build/, and is
# run by hand (./dev test-packages). Needs root: to change the root folder, and to mount.
# usage: test_packages.sh FOLDER [packages|unit]   with the packages, as ./dev deb makes them; one half of it alone
# OBSCURA_MIRROR: where Debian's packages come from (a line or file for mmdebstrap); its own choice if not set.
set -euo pipefail
folder=$(cd "${1:?usage: test_packages.sh FOLDER [packages|unit]}" && pwd) half=${2:-}
[[ $half =~ ^(packages|unit|)$ ]] || { echo "test-packages: no half '$half'; there are: packages unit" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { echo "test-packages: $*" >&2; exit 1; }
say() { echo "test-packages: $*"; }
((EUID == 0)) || fail "root is needed, to change the root folder and to mount: sudo ./dev test-packages"
ls "$folder"/obscura_*.deb >/dev/null 2>&1 || fail "no packages in $folder: ./dev deb makes them"
# Mounts of its own: nothing of this stays, however it ends.
[[ ${OBSCURA_OWN_MOUNTS:-} ]] || OBSCURA_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$folder" $half

base=$(dirname "$folder")/bare-debian.tar
if [[ ! -s $base ]]; then
  say "making a bare Debian, once: $base"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$base.partial" \
    ${OBSCURA_MIRROR:+"$OBSCURA_MIRROR"} 2>"$base.log" || { tail -n 5 "$base.log" >&2; fail "mmdebstrap failed"; }
  mv "$base.partial" "$base"
fi

root=
leave() { [[ -z $root ]] || { umount -lR "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true; rm -rf --one-file-system "$root"; }; }
trap leave EXIT
# A root folder of its own with the packages and FILE... in it.
fresh_root() {
  leave
  root=$(mktemp -d "$(dirname "$folder")/bare-XXXXXX")
  chmod 755 "$root"
  tar -C "$root" -xf "$base" --exclude='./dev/*'
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  mkdir "$root/packages"
  cp "$folder"/*.deb "$@" "$root/packages"
}
in_root() {
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

if [[ $half != unit ]]; then
  fresh_root "$here/test_in_debian.sh"
  in_root bash /packages/test_in_debian.sh
fi

# The unit in a Debian that is booted, where this machine can.
if [[ $half != packages ]] && ls "$folder"/obscura-server_*.deb >/dev/null 2>&1; then
  fresh_root "$here/test_unit.sh"
  in_root sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends systemd systemd-sysv procps openssl curl /packages/obscura_*.deb /packages/obscura-server_*.deb' \
    >"$base.log" 2>&1 || { tail -n 5 "$base.log" >&2; fail "obscura-server could not be installed"; }
  cat >"$root/etc/systemd/system/packages-test.service" <<'UNIT'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/packages/test_unit.sh
[Install]
WantedBy=multi-user.target
UNIT
  ln -s ../packages-test.service "$root/etc/systemd/system/multi-user.target.wants/"
  umount -lR "$root/proc" "$root/sys" "$root/dev"
  timeout 900 systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$root" --boot \
    >"$base.log" 2>&1 </dev/null || true
  result=$(cat "$root/packages/result" 2>/dev/null || true)
  if [[ -z $result ]]; then
    say "NOT TESTED: the unit in a booted Debian, which systemd-nspawn could not do here: $(tail -n 1 "$base.log")"
  else
    [[ $result == passed ]] || fail "the unit: $result"
    say "the unit was started, looked at, killed, spoken to with TLS and without, stopped and purged"
  fi
fi
