# Sourced by the scripts here in whose folder a server of ours (server.mjs) is called by programs of others (requirements.txt): $here and
# $root are the folders, $bin has the programs, $url is where the server listens until `stop_server`, which has its exit code.
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
[ -f "$root/dist/test/serve/policies.js" ] || (cd "$root" && node scripts/build.mjs)
bin="${GYMNURA_VENV:?a folder with the Python virtual environment; test/reference/run.sh makes one}/bin"
"$bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
coproc SERVER { node "$here/server.mjs"; }
read -r url <&"${SERVER[0]}"
server_pid=$SERVER_PID
server_input=${SERVER[1]}

stop_server() {
  eval "exec $server_input>&-"
  wait "$server_pid"
}
