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

passed=0
failed=0
for script in */run.sh; do
  status=0
  output=$(bash "$script" 2>&1) || status=$?
  echo "-- $script"
  echo "$output"
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed' <<<"$output" | tail -1 || true)
  if [ -z "$counts" ]; then counts='0 passed, 1 failed'; fi
  passed=$((passed + $(cut -d' ' -f1 <<<"$counts")))
  failed=$((failed + $(cut -d' ' -f3 <<<"$counts")))
  if [ "$status" -ne 0 ] && [ "$(cut -d' ' -f3 <<<"$counts")" -eq 0 ]; then failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
