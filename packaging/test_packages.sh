#!/usr/bin/env bash
# Each Debian package installed, used and purged in a bare Debian 12. Takes some minutes and a few GB below build/, and is
# run by hand (./dev test-packages). Needs root: to change the root folder, and to mount.
# usage: test_packages.sh FOLDER   with the packages, as ./dev deb makes them
# OBSCURA_MIRROR: where Debian's packages come from (a line or file for mmdebstrap); its own choice if not set.
set -euo pipefail
folder=$(cd "${1:?usage: test_packages.sh FOLDER}" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { echo "test-packages: $*" >&2; exit 1; }
say() { echo "test-packages: $*"; }
((EUID == 0)) || fail "root is needed, to change the root folder and to mount: sudo ./dev test-packages"
ls "$folder"/obscura_*.deb >/dev/null 2>&1 || fail "no packages in $folder: ./dev deb makes them"
# Mounts of its own: nothing of this stays, however it ends.
[[ ${OBSCURA_OWN_MOUNTS:-} ]] || OBSCURA_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$folder"

base=$(dirname "$folder")/bare-debian.tar
if [[ ! -s $base ]]; then
  say "making a bare Debian, once: $base"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$base.partial" \
    ${OBSCURA_MIRROR:+"$OBSCURA_MIRROR"} 2>"$base.log" || { tail -n 5 "$base.log" >&2; fail "mmdebstrap failed"; }
  mv "$base.partial" "$base"
fi

root=$(mktemp -d "$(dirname "$folder")/bare-XXXXXX")
trap 'umount -lR "$root/proc" "$root/sys" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
tar -C "$root" -xf "$base" --exclude='./dev/*'
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
# As in a container: packages start nothing.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$folder"/*.deb "$here/test_in_debian.sh" "$root/packages"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} \
  ${https_proxy:+https_proxy="$https_proxy"} bash /packages/test_in_debian.sh
