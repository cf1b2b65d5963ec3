#!/usr/bin/env bash
# The program is built so that a fault in memory is hard to use: at a random address, its tables read-only before main,
# no executable stack, canaries and checked buffer functions in it, and jumps to marked places only.
# usage: hardened.sh PROGRAM [LIBRARY...]   every object file of the archives must carry the mark for indirect jumps
set -euo pipefail
program=${1:?usage: hardened.sh PROGRAM [LIBRARY...]}
shift
broken=0
complain() {
  echo "$program: $1"
  broken=1
}
headers=$(readelf --wide --file-header --program-headers --dynamic --notes "$program" 2>/dev/null)
symbols=$(readelf --wide --dyn-syms "$program")
has() { grep -qE "$1" <<<"$headers"; }

has 'Type: +DYN' || complain 'is not position-independent'
has '\(FLAGS_1\).*\bPIE\b' || complain 'is not marked as PIE'
has 'GNU_RELRO' || complain 'has no read-only relocations'
has '\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b' || complain 'resolves functions late: relocations are not all read-only'
has 'GNU_STACK .* RW +0x' || complain 'has an executable stack'
grep -q '__stack_chk_fail' <<<"$symbols" || complain 'has no stack protector'
grep -qE '__(memcpy|memset|memmove|snprintf|vsnprintf|fprintf|printf|read|realpath|strcpy|strcat|fdelt)_chk' <<<"$symbols" ||
  complain 'has no checked buffer functions (FORTIFY)'
if [[ $(uname -m) == x86_64 ]]; then
  for archive in "$@"; do
    marked=$(readelf --wide --notes "$archive" 2>/dev/null | grep -cE 'x86 feature:.*IBT.*SHSTK' || true)
    members=$(ar t "$archive" | wc -l)
    ((marked >= members)) || { echo "$archive: only $marked of $members object files are marked for CET"; broken=1; }
  done
fi
((broken)) || echo "$program is hardened"
exit "$broken"
