#!/bin/sh
# Runs a notebook from its first cell to its last, as a reader would: run.sh NOTEBOOK [FOLDER]. Fails where a cell does, and
# where one wrote on standard error, but for a note whose words the notebook explains. With a folder, the notebook with its outputs and an HTML page go there.
# Ends with 77 where a package of Debian is missing, and names it.
set -eu
notebook=$1
python=${PYTHON:-/usr/bin/python3}
for module in nbconvert:python3-nbconvert ipykernel:python3-ipykernel matplotlib:python3-matplotlib \
  ${OBSCURA_NOTEBOOK_NEEDS:-}; do
  if ! "$python" -c "import ${module%%:*}" 2>/dev/null; then
    echo "skipped: ${module#*:} is not installed"
    exit 77
  fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${2:-$work}
mkdir -p "$out"
# Its own settings: nothing of the reader's home is read or written.
export JUPYTER_CONFIG_DIR="$work/config" JUPYTER_DATA_DIR="$work/data" JUPYTER_RUNTIME_DIR="$work/runtime" \
  IPYTHONDIR="$work/ipython" MPLCONFIGDIR="$work/matplotlib" HOME="$work"
mkdir -p "$work/data/kernels/python3"
cat >"$work/data/kernels/python3/kernel.json" <<END
{"argv": ["$python", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3", "language": "python"}
END
name=$(basename "$notebook" .ipynb)
"$python" -m nbconvert --to notebook --execute --ExecutePreprocessor.timeout=600 --output-dir "$out" \
  --output "$name.ipynb" "$notebook" >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
# A warning in a tutorial is something that its reader has to worry about.
"$python" - "$out/$name.ipynb" <<'END'
import json, sys
cells = json.load(open(sys.argv[1]))["cells"]
ran = [c for c in cells if c["cell_type"] == "code"]
said = ["".join(o["text"]) for c in ran for o in c["outputs"] if o.get("name") == "stderr"]
# PyTorch loads tqdm, which misses widgets where they are not installed.
said = [text for text in said if "TqdmWarning" not in text]
# Encryption is random, and so is whether two pictures come out equally near: the text says what that note means.
explained = "as far as these distances tell"
text = " ".join(" ".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown").split())
if explained in text:
    said = [text for text in said if explained not in text]
if said:
    sys.exit("on standard error:\n" + "\n".join(said))
if not ran or any(c["execution_count"] is None for c in ran):
    sys.exit("cells were not run")
print(len(ran), "cells ran")
END
if [ $# -gt 1 ]; then
  "$python" -m nbconvert --to html --output-dir "$out" --output "$name.html" "$out/$name.ipynb" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
  }
fi
