#!/usr/bin/env bash
# Calls our server with clients of other projects: the real tritonclient, and one that speaks TensorFlow Serving's REST as its users do.
# Prints `N passed, N failed`; exit code 0 or 1. With GYMNURA_GOLDEN=1 also writes test/golden/serve/tritonclient.json.
set -euo pipefail
source "$(dirname "$0")/../serving.sh"
source "$here/../tally.sh"
cd "$here"
compare "$bin/python" -B triton.py "$url" ${GYMNURA_GOLDEN:+"$root/test/golden/serve/tritonclient.json"}
compare "$bin/python" -B tf_serving.py "$url"
stop_server || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
