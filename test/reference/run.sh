#!/usr/bin/env bash
# Compares with the reference systems, installed here into a virtual environment of their own (or the one in $GYMNURA_VENV).
# Needs python3.11 or newer, the Python package index, and a built dist/. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")"
if [ -z "${GYMNURA_VENV:-}" ]; then
  GYMNURA_VENV=$(mktemp -d)
  trap 'rm -rf "$GYMNURA_VENV"' EXIT
fi
export GYMNURA_VENV
python=$(command -v python3.11 || command -v python3)
[ -x "$GYMNURA_VENV/bin/python" ] || "$python" -m venv "$GYMNURA_VENV"
"$GYMNURA_VENV/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt

source ./tally.sh
for script in */run.sh; do
  echo "-- $script"
  compare bash "$script"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
