#!/usr/bin/env bash
# Figures of pages that link to the curve they are of, [77.14 %](curves/resnet8-plain.json), and what stands behind them
# in a table: how far they are from the row "plain" above, (-4.7) or a cell of its own. They are those of the curves'
# files, or this says which are not, and fails. Figures of prose outside tables have no distance.
#
#   docs/curves/figures.sh [--write] PAGE...      --write puts the right ones in their places
set -euo pipefail

write=no
if [[ ${1:-} == --write ]]; then
  write=yes
  shift
fi
[[ $# -gt 0 ]] || { echo "usage: figures.sh [--write] PAGE..." >&2; exit 2; }

right_page() {
  LC_ALL=C awk -v folder="$(dirname "$1")" '
    # The accuracy of a whole run stands at the left of its file, those of epochs further in.
    function accuracy_of(name,   line, value, start, length_) {
      if (name in known) return known[name]
      value = ""
      start = RSTART
      length_ = RLENGTH
      while ((getline line < (folder "/" name)) > 0)
        if (match(line, /^  "test_accuracy": [0-9.e-]+/)) value = substr(line, RSTART + 19, RLENGTH - 19)
      close(folder "/" name)
      RSTART = start
      RLENGTH = length_
      if (value == "") {
        print "no \"test_accuracy\" in " folder "/" name ", to which line " NR " links" > "/dev/stderr"
        exit 3
      }
      return known[name] = value
    }
    function distance(own, base) { return sprintf("%+.1f", 100 * (own - base)) }
    # The cell with its figures as they are; `last` is the accuracy of the last of them.
    function right_cell(cell, column, is_plain,   out, link, name) {
      out = ""
      last = ""
      while (match(cell, /\[[0-9.]+ %\]\(curves\/[^)]*\.json\)/)) {
        link = substr(cell, RSTART, RLENGTH)
        name = substr(link, index(link, "](") + 2)
        name = substr(name, 1, length(name) - 1)
        last = accuracy_of(name)
        out = out substr(cell, 1, RSTART - 1) sprintf("[%.2f %%](%s)", 100 * last, name)
        cell = substr(cell, RSTART + RLENGTH)
        if (is_plain) base[column] = last
        if ((column in base) && match(cell, /^\**  *\([-+][0-9]+\.[0-9]\)/)) {
          link = substr(cell, 1, RLENGTH)
          sub(/\([-+][0-9.]+\)/, "(" distance(last, base[column]) ")", link)
          out = out link
          cell = substr(cell, RLENGTH + 1)
        }
      }
      return out cell
    }
    !/^\|/ {
      delete base
      print right_cell($0, 0, 0)
      next
    }
    {
      count = split($0, cells, "|")
      is_plain = cells[2] ~ /^ *plain/
      line = cells[1]
      before = ""
      for (i = 2; i <= count; i++) {
        cell = cells[i]
        if (before != "" && ((i - 1) in base) && cell ~ /^ *[-+][0-9]+\.[0-9] *$/) {
          sub(/[-+][0-9.]+/, distance(before, base[i - 1]), cell)
          before = ""
        } else {
          cell = right_cell(cell, i, is_plain)
          before = last
        }
        line = line "|" cell
      }
      print line
    }' "$1"
}

right=$(mktemp)
trap 'rm -f "$right"' EXIT
wrong=0
for page in "$@"; do
  right_page "$page" > "$right"
  cmp -s "$right" "$page" && continue
  if [[ $write == yes ]]; then
    cat "$right" > "$page"
  else
    echo "$page: figures are not those of their curves; docs/curves/figures.sh --write $page puts them right:" >&2
    diff "$page" "$right" >&2 || true
    wrong=1
  fi
done
exit "$wrong"
