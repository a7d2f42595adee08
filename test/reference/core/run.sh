#!/usr/bin/env bash
# Compares our runtime with the real Ray: the same small programs in both (test/golden/core/*.py, test/core/twins/*.ts), answers compared.
# Prints `N passed, N failed`; exit code 0 or 1. Takes three minutes or so.
#   GYMNURA_RAY_VENV  a folder for Ray's Python virtual environment, kept and used again; without it a temporary one is made and removed
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# Ray pins other versions than the other references: it gets an environment of its own.
[ -f "$root/dist/test/core/twins/all.js" ] || (cd "$root" && node scripts/build.mjs)
# Ours answer while Ray is being installed.
node "$here/compare.mjs" --ours "$work/ours.json" &
ours=$!
venv="${GYMNURA_RAY_VENV:-$work/venv}"
python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null || python=python3
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'ray[default]==2.60.0' numpy
wait "$ours"
"$venv/bin/python" -B "$root/test/golden/core/make.py" --out "$work/ray.json"
node "$here/compare.mjs" "$work/ray.json" "$work/ours.json"
