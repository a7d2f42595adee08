#!/usr/bin/env bash
# Exports a freshly trained policy and its log, and has Python read both: safetensors + NumPy, TensorBoard.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node ../../../dist/test/reference/rl/train-and-answer.js "$folder"
"$GYMNURA_VENV/bin/python" compare.py "$folder"
