#!/usr/bin/env bash
# The unit is the one that docs/service.md shows, systemd finds nothing wrong with it, and it is as closed as is said there.
# usage: unit.sh SOURCE
set -euo pipefail
source=${1:?}
unit=$source/packaging/systemd/obscura-server.service
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk '/^## Under systemd/ {here = 1} here && /^```/ {if (inside++) exit; next} inside' "$source/docs/service.md" >"$work/quoted"
diff "$unit" "$work/quoted" || { echo "docs/service.md shows another unit"; exit 1; }
# Every option that the unit and its defaults use is one of serve's.
for option in $(grep -hoE -- '--[a-z][a-z-]+' "$unit" "$source/packaging/systemd/default" | sort -u); do
  grep -qE -- "\`$option[\` ]" "$source/docs/cli.md" || { echo "serve has no $option"; exit 1; }
done
command -v systemd-analyze >/dev/null || { echo "no systemd here: not looked at by it"; exit 0; }
# The program and the manual page need not be installed here.
sed -e 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' -e '/^Documentation=/d' "$unit" >"$work/obscura-server.service"
said=$(systemd-analyze verify "$work/obscura-server.service" 2>&1 | grep -F obscura-server.service || true)
[[ -z $said ]] || { echo "systemd: $said"; exit 1; }
# Exposure in tenths, 0 to 100; fails above.
systemd-analyze security --offline=true --threshold=15 "$work/obscura-server.service" >"$work/security" 2>&1 ||
  { cat "$work/security"; exit 1; }
tail -n 1 "$work/security"
