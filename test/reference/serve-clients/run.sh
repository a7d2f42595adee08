#!/usr/bin/env bash
# Calls our server with clients of other projects: the real tritonclient, and one that speaks TensorFlow Serving's REST as its users do.
# Prints `N passed, N failed`; exit code 0 or 1. With GYMNURA_GOLDEN=1 also writes test/golden/serve/tritonclient.json.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
[ -f "$root/dist/test/serve/policies.js" ] || (cd "$root" && node scripts/build.mjs)
python="${GYMNURA_VENV:?a folder with the Python virtual environment; test/reference/run.sh makes one}/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
coproc SERVER { node "$here/server.mjs"; }
read -r url <&"${SERVER[0]}"
source "$here/../tally.sh"
cd "$here"
compare "$python" -B triton.py "$url" ${GYMNURA_GOLDEN:+"$root/test/golden/serve/tritonclient.json"}
compare "$python" -B tf_serving.py "$url"
pid=$SERVER_PID
eval "exec ${SERVER[1]}>&-"
wait "$pid" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
