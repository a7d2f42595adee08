#!/usr/bin/env bash
# Schemathesis reads the OpenAPI page of a real server and calls all that it tells of, with what fits the schemas and what does not: no
# answer is a 5xx, and every answer is what the page says. Prints `N passed, N failed`, calls of the page; exit code 0 or 1.
set -euo pipefail
source "$(dirname "$0")/../serving.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance
(cd "$folder" && "$bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/openapi.json" --checks "$checks" --mode all \
  --phases examples,coverage,fuzzing --max-examples "${GYMNURA_EXAMPLES:-20}" --seed "${GYMNURA_SEED:-1}" --no-shrink --continue-on-failure \
  --request-timeout 30 --suppress-health-check all --warnings off --report junit --report-junit-path "$folder/report.xml") || status=1
stop_server || status=1
count() { grep -oE "<testsuites?[^>]* $1=\"[0-9]+\"" "$folder/report.xml" | head -1 | grep -oE '[0-9]+"$' | tr -d '"'; }
total=$(count tests)
failed=$(($(count failures) + $(count errors)))
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
echo "$((total - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
