#!/usr/bin/env bash
# The service as a container image, from the packages of ./dev deb and Debian's, without a registry of images: mmdebstrap
# makes the files, buildah the image. Needs root, or user namespaces.
# usage: build.sh oci|docker FOLDER   FOLDER has obscura_*.deb and obscura-server_*.deb and gets obscura-VERSION.FORMAT.tar
# OBSCURA_MIRROR: where Debian's packages come from (a line or file for mmdebstrap); its own choice if not set.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
format=${1:?usage: build.sh oci|docker FOLDER} folder=${2:?usage: build.sh oci|docker FOLDER}
fail() { echo "container: $*" >&2; exit 1; }
[[ $format == oci || $format == docker ]] || fail "no format '$format'; there are: oci docker"
shopt -s nullglob
front=("$folder"/obscura_*.deb) server=("$folder"/obscura-server_*.deb)
[[ ${#front[@]} == 1 && ${#server[@]} == 1 ]] ||
  fail "expected one obscura_*.deb and one obscura-server_*.deb in $folder: ./dev deb makes them"
version=$(dpkg-deb --field "${server[0]}" Version)
image=$folder/obscura-${version%-*}.$format.tar
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Only what runs: no manual pages, no documents but copyrights, no lists of packages, and not the drivers of graphics cards
# that OpenCV's packages bring and none of the programs loads (a third of the image).
mkdir "$work/debs"
cp "${front[0]}" "${server[0]}" "$work/debs"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(stat -c %Y "${server[0]}")}
mmdebstrap --quiet --variant=apt --include=systemd-standalone-sysusers,ca-certificates \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/lib/*/dri/*' --dpkgopt='path-exclude=/usr/lib/*/libLLVM*' --dpkgopt='path-exclude=/usr/lib/*/libz3.*' \
  --customize-hook="mkdir -p \"\$1/etc/sysusers.d\" \"\$1/tmp/debs\" \"\$1/mnt/models\"" \
  --customize-hook="copy-in $here/sysusers.conf /tmp" \
  --customize-hook='mv "$1/tmp/sysusers.conf" "$1/etc/sysusers.d/obscura-server.conf"' \
  --customize-hook="copy-in $work/debs/$(basename "${front[0]}") $work/debs/$(basename "${server[0]}") /tmp/debs" \
  --customize-hook='chroot "$1" sh -c "apt-get install -q -y --no-install-recommends /tmp/debs/*.deb"' \
  --customize-hook='rm -rf "$1/tmp/debs"' \
  --customize-hook='install -d -o 65532 -g 65532 -m 0700 "$1/var/lib/obscura"' \
  bookworm "$work/root.tar" ${OBSCURA_MIRROR:+"$OBSCURA_MIRROR"} >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; fail "mmdebstrap failed"; }

# A storage of its own: nothing is left in the user's.
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
container=$(buildah from --format "$format" scratch)
buildah add --quiet "$container" "$work/root.tar" / >/dev/null
rm "$work/root.tar"
health='obscura remote ping --server http://127.0.0.1:8080'
options=(--user 65532:65532 --env STATE_DIRECTORY=/var/lib/obscura --env LANG=C.UTF-8
  --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --volume /var/lib/obscura --port 8080 --port 9000
  --workingdir /var/lib/obscura --stop-signal SIGTERM --entrypoint '["obscura"]'
  --label org.opencontainers.image.title=obscura --label "org.opencontainers.image.version=${version%-*}"
  --label org.opencontainers.image.licenses=Apache-2.0
  --label org.opencontainers.image.description="Answers encrypted queries, without a way to decrypt them")
# The OCI format has no place for a health check (docs/packages.md says what to tell Kubernetes or podman instead).
[[ $format == oci ]] || options+=(--healthcheck "CMD $health" --healthcheck-interval 30s --healthcheck-timeout 10s --healthcheck-start-period 60s)
buildah config "${options[@]}" "$container"
buildah config --cmd 'serve --models /mnt/models --listen 0.0.0.0:8080 --grpc 0.0.0.0:9000 --behind-proxy' "$container"
rm -f "$image"
buildah commit --quiet --disable-compression=false --format "$format" --timestamp "$SOURCE_DATE_EPOCH" "$container" \
  "$format-archive:$image:obscura:${version%-*}" >/dev/null
buildah rm "$container" >/dev/null
echo "$image $(stat -c %s "$image") bytes"
