#!/usr/bin/env bash
# Runs a part of the program under memcheck, with secrets marked uninitialised.
# usage: check.sh VALGRIND PROGRAM KERNELS PART clean        no branch and no address depends on a secret
#        check.sh VALGRIND PROGRAM KERNELS PART MOST         the same but for 1 to MOST places that declassified.supp has
#        check.sh VALGRIND PROGRAM KERNELS PART leaks        one does: memcheck must say so
# Exit code 77, which is a skipped test: this machine has no such kernels.
set -euo pipefail
(($# == 5)) || { echo "usage: check.sh VALGRIND PROGRAM KERNELS PART clean|MOST|leaks"; exit 2; }
valgrind=$1 program=$2 kernels=$3 part=$4 expected=$5
here=$(dirname "${BASH_SOURCE[0]}")

if [[ $kernels != scalar ]] && ! grep -qw "$kernels" /proc/cpuinfo; then
  echo "skipped: this machine has no $kernels"
  exit 77
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
OBSCURA_ISA=$kernels "$valgrind" --error-exitcode=9 --num-callers=8 --suppressions="$here/declassified.supp" \
  --log-file="$log" "$program" "$part" || status=$?
summary=$(grep 'ERROR SUMMARY' "$log" || true)
echo "${summary##*== }"

if [[ $expected == leaks ]]; then
  ((status == 9)) || { echo "memcheck did not find the leak (exit code $status): the check is blind"; exit 1; }
  exit 0
fi
if ((status != 0)); then
  cat "$log"
  echo "a branch or an address depends on a secret, or the check broke (exit code $status)"
  exit 1
fi
hidden=$(sed -nE 's/.*suppressed: [0-9]+ from ([0-9]+)\).*/\1/p' <<<"$summary")
if [[ $expected == clean ]]; then
  ((hidden == 0)) || { echo "$hidden places are hidden, expected none"; exit 1; }
elif ((hidden == 0 || hidden > expected)); then
  cat "$log"
  echo "$hidden places are hidden by declassified.supp, expected 1 to $expected: look at them"
  exit 1
fi
