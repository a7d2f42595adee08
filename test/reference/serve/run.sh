#!/usr/bin/env bash
# Serves models of scikit-learn, PyTorch, ONNX and TensorFlow.js graphs, and compares with what the reference runtimes answer by
# themselves. The optional runtimes of Node (onnxruntime-web, onnxruntime-node, tfjs-converter) are installed beside, as a user would.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$GYMNURA_VENV/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
"$GYMNURA_VENV/bin/python" expect.py "$folder"
echo '{}' >"$folder/package.json"
npm install --silent --no-audit --no-fund --prefix "$folder" \
  onnxruntime-web@1.30.0 @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-converter@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
here=$PWD
cd "$folder"
node "$here/compare.mjs" "$folder"
