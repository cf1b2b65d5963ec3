#!/usr/bin/env bash
# docs/curves/figures.sh finds wrong figures, and says so of links that lead nowhere.
set -euo pipefail

script=$1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/curves"
printf '{\n  "test_accuracy": 0.8617,\n  "epochs": [\n    {\n      "test_accuracy": 0.5\n' > "$folder/curves/a.json"
printf '{\n  "test_accuracy": 0.9094\n}\n' > "$folder/curves/plain.json"
page=$folder/page.md
right='| plain | [90.94 %](curves/plain.json) | |
| a | **[86.17 %](curves/a.json)** | -4.8 |

Of a line: [86.17 %](curves/a.json), 12.3 %.
| plain | [90.94 %](curves/plain.json) | [86.17 %](curves/a.json) |
| a | [86.17 %](curves/a.json) (-4.8) | [90.94 %](curves/plain.json) (+4.8) |'

fail() { echo "$1" >&2; exit 1; }

printf '%s\n' "$right" > "$page"
bash "$script" "$page" || fail "right figures are refused"
for wrong in 's/86.17 %/86.22 %/' 's/-4.8 |/-4.7 |/' 's/(+4.8)/(+4.7)/' 's/^Of a line: .86.17/Of a line: [86.18/'; do
  printf '%s\n' "$right" | sed "$wrong" > "$page"
  bash "$script" "$page" 2> /dev/null && fail "not found: $wrong"
  bash "$script" --write "$page"
  [[ $(cat "$page") == "$right" ]] || fail "not put right: $wrong"
done
printf '[1.00 %%](curves/none.json)\n' > "$page"
bash "$script" --write "$page" 2> /dev/null && fail "a curve that there is not is none"
[[ $(cat "$page") == '[1.00 %](curves/none.json)' ]] || fail "a page is written although a curve is not there"
