# Sourced by the scripts here: adds up what the comparisons print.
passed=0
failed=0

# Runs one comparison, shows what it prints, and adds its last `N passed, N failed`; one that prints none has failed.
compare() {
  local output status=0 counts
  output=$("$@" 2>&1) || status=$?
  echo "$output"
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed' <<<"$output" | tail -1 || true)
  [ -n "$counts" ] || counts='0 passed, 1 failed'
  passed=$((passed + $(cut -d' ' -f1 <<<"$counts")))
  failed=$((failed + $(cut -d' ' -f3 <<<"$counts")))
  if [ "$status" -ne 0 ] && [ "$(cut -d' ' -f3 <<<"$counts")" -eq 0 ]; then failed=$((failed + 1)); fi
}
