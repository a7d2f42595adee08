#!/usr/bin/env bash
# Compares our environments with the real Gymnasium and NumPy, on seeds drawn now. Prints `N passed, N failed`; exit code 0 or 1.
#   GYMNURA_VENV  a folder for the Python virtual environment, kept and used again; without it a temporary one is made and removed
#   GYMNURA_SEED  repeats the run of another day
#   CHROMIUM      a browser of that kind, for the environments in a page; 'chromium' without
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
venv="${GYMNURA_VENV:-$work/venv}"
python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null || python=python3
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/test/golden/envs/requirements.txt"
[ -d "$root/dist/test/envs/traces" ] || (cd "$root" && node scripts/build.mjs)
seed="${GYMNURA_SEED:-$(date +%s%N)}"
echo "seed $seed (GYMNURA_SEED=$seed repeats this run)"
"$venv/bin/python" "$root/test/golden/envs/make.py" --out "$work/traces" --seed "$seed" >/dev/null

source "$here/../tally.sh"
compare node "$here/compare.mjs" "$work/traces"
compare node "$here/python-env.mjs" "$venv/bin/python"
compare env GYMNURA_SEED="$seed" "$venv/bin/python" "$here/gymnura_in_gymnasium.py"
if command -v "${CHROMIUM:-chromium}" >/dev/null; then
  mkdir -p "$work/browser"
  npm install --silent --no-audit --no-fund --prefix "$work/browser" playwright-core@1.65.1
  compare env CHROMIUM="$(command -v "${CHROMIUM:-chromium}")" node "$here/browser/compare.mjs" "$work/browser"
else
  echo "no chromium here: the page is left out (CHROMIUM names another browser of its kind)"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
