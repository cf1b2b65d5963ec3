#!/usr/bin/env bash
# pip install of the source tree into an environment of its own, with what is built already; then the package is used
# from there. usage: pip_install.sh PYTHON BUILD SOURCE; exit code 77: skipped, with the reason
set -euo pipefail
python=$1 build=$2 source=$3
"$python" -c 'import venv, ensurepip, setuptools, wheel' 2>/dev/null ||
  { echo "skipped: $python has no venv, setuptools or wheel (python3-venv, python3-setuptools, python3-wheel)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# pip writes beside what it builds: a copy of the folder, in a tree that is linked.
mkdir "$work/tree"
for entry in "$source"/*; do
  [[ $(basename "$entry") =~ ^(python|build)$ ]] || ln -s "$entry" "$work/tree/"
done
mkdir "$work/tree/python"
cp -r "$source"/python/{pyproject.toml,setup.py,README.md,obscura} "$work/tree/python/"
"$python" -m venv --system-site-packages "$work/environment"
OBSCURA_BUILD_DIR=$build "$work/environment/bin/pip" install --quiet --no-build-isolation --no-deps --no-index \
  --disable-pip-version-check "$work/tree/python"
cd "$work"
PYTHONPATH= "$work/environment/bin/python" - "$source/models/tenseal-mnist.onnx" "$work" <<'PYTHON'
import sys
import numpy as np
import obscura
assert obscura.__file__.startswith(sys.argv[2]), obscura.__file__
program = obscura.compile(sys.argv[1])
owner, server = obscura.Owner(program.client), obscura.Server(program)
server.add_keys(owner.evaluation_keys())
assert owner.decrypt(server.run(owner.encrypt(np.zeros((28, 28), np.uint8)))).shape == (1, 10)
print(f"obscura {obscura.__version__} from {obscura.__file__.split('/')[-3]}, installed by pip")
PYTHON
"$work/environment/bin/pip" uninstall --quiet --yes obscura
! "$work/environment/bin/python" -c 'import sys; sys.path = [p for p in sys.path if p]; import obscura' 2>/dev/null
