#!/usr/bin/env bash
# Whether the memory of a gateway stays where it is: one embedded gateway under mixed load (plain calls, streams, streams left in the middle, calls not waited for,
# refused ones) for an hour; resident memory and managed heap every minute, and what they grow by, with the confidence of that.
#   bench/soak-gateway.sh [SECONDS] [WORKERS]     120 s are a check that it works: a process is still growing into its heap then
# The heap is that of the last collection, from GET /metrics.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
. bench/targets.sh
. bench/measure.sh
seconds=${1:-3600} workers=${2:-32} first_port=${FIRST_PORT:-19700}
interval=$((seconds >= 1200 ? 60 : seconds / 20 > 0 ? seconds / 20 : 1))

# Bytes a minute with the half width of a 95 % interval, by least squares, of a column of the samples. The first third is left out: caches and heap are filled then.
slope() { # COLUMN
  awk -v column="$1" '
    $column != "-" { t[++n] = $1 / 60; y[n] = $column * 1048576 }
    END {
      for (i = int(n / 3) + 1; i <= n; i++) { m++; st += t[i]; sy += y[i] }
      if (m < 4) { print "not enough samples"; exit }
      for (i = int(n / 3) + 1; i <= n; i++) { xx += (t[i] - st / m) ^ 2; xy += (t[i] - st / m) * (y[i] - sy / m) }
      slope = xy / xx
      for (i = int(n / 3) + 1; i <= n; i++) rest += (y[i] - sy / m - slope * (t[i] - st / m)) ^ 2
      printf "%+.0f bytes a minute (± %.0f)", slope, (m > 30 ? 2.0 : m > 12 ? 2.2 : 2.8) * sqrt(rest / (m - 2) / xx)
    }' "$work/samples"
}

targets_open
target_add gateway gateway || { echo "${absent[gateway]}" >&2; exit 1; }
echo "load average before: $(load_average)"
taskset -c 1 $tool mixed "$(url gateway)" "${key[gateway]}" "$workers" "$seconds" >"$work/mixed" & load=$!; pids+=($load)
started=$SECONDS
echo 'seconds resident_mb heap_mb collections load_average'
while sleep "$interval"; kill -0 $load 2>/dev/null && [ -n "${pid[gateway]}" ]; do
  kill -0 "${pid[gateway]}" 2>/dev/null || { echo "the gateway ended: $(tail -n 3 "$work/gateway/log")" >&2; exit 1; }
  heap=$(metric gateway dotnet_gc_last_collection_heap_size_bytes)
  collections=$(metric gateway dotnet_gc_collections_total)
  echo "$((SECONDS - started)) $(resident gateway) $([ -n "$heap" ] && awk -v b="$heap" 'BEGIN { printf "%.1f", b / 1048576 }' || echo -) ${collections:--} $(load_average)" | tee -a "$work/samples" |
    awk '{ printf "%7d %11s %7s %11s %s\n", $1, $2, $3, $4, $5 }'
done
cat "$work/mixed"
echo "after the first third: resident $(slope 2), heap $(slope 3)"
