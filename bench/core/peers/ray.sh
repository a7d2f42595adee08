#!/usr/bin/env bash
# Ray's own `ray microbenchmark` from PyPI, in a virtual environment under $GYMNURA_PEERS (default: a folder in the OS's temp folder, kept
# for the next time; about 455 MB and a minute). Listens on loopback only. What it started is ended by pid, also when this script is.
#   ray.sh install              installs; prints the version
#   ray.sh run [PATTERN]        runs the rows whose name contains PATTERN (default: all; never those of Ray Client), a line each:
#                               (rows named in GYMNURA_PEER_DONE, a line each, are left out)
#                               single client tasks sync per second 380.92 +- 4.25
set -euo pipefail
ray_version=2.60.0
venv=${GYMNURA_PEERS:-${TMPDIR:-/tmp}/gymnura-peers}/ray-$ray_version

case ${1:-} in
  install)
    if ! [ -x "$venv/bin/ray" ]; then
      rm -rf "$venv"
      mkdir -p "$(dirname "$venv")"
      "$(command -v python3.11 || command -v python3)" -m venv "$venv"
      # The microbenchmark needs numpy, which Ray's wheel does not ask for.
      "$venv/bin/pip" install --quiet --disable-pip-version-check "ray[default]==$ray_version" numpy >&2
    fi
    "$venv/bin/ray" --version
    ;;
  run)
    # Ray's daemons leave the process group; this mark in their environment finds them.
    export GYMNURA_PEER_RUN=$$-$RANDOM
    marked() { env -u GYMNURA_PEER_RUN grep -lsz "^GYMNURA_PEER_RUN=$GYMNURA_PEER_RUN\$" /proc/[0-9]*/environ | cut -d/ -f3 || true; }
    stop() {
      local pids
      for _ in $(seq 100); do
        pids=$(marked)
        if [ -z "$pids" ]; then break; fi
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null || true
        sleep 0.1
      done
      rm -rf "$RAY_TMPDIR"
    }
    # Sockets and logs; /tmp because a socket's path must be short.
    RAY_TMPDIR=$(mktemp -d /tmp/ray-XXXXXX)
    export RAY_TMPDIR
    trap stop EXIT
    trap 'exit 143' TERM INT HUP
    # Ray's switch for machines that must not open ports to others: every address is 127.0.0.1 then. No token is written to the home folder.
    export RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=disabled
    export PYTHONUNBUFFERED=1 PYTHONWARNINGS=ignore
    export TESTS_TO_RUN=${2:-}
    # What the command `ray microbenchmark` calls, less the rows of Ray Client, which start a server four times (and fail on a busy machine).
    # In the background, so that a signal to this script is heard at once.
    "$venv/bin/python" -c '
import os
from ray._private import ray_perf
done, timeit = os.environ.get("GYMNURA_PEER_DONE", "").split("\n"), ray_perf.timeit
ray_perf.timeit = lambda name, *args: [None] if name in done else timeit(name, *args)
ray_perf.client_microbenchmark_main = lambda results: None
ray_perf.main()' 2>&1 &
    wait $!
    ;;
  *)
    echo "usage: $0 install | run [PATTERN]" >&2
    exit 2
    ;;
esac
