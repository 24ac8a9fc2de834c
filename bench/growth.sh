#!/usr/bin/env bash
# What a call costs the embedded gateway as things grow: keys, rules of which none matches, receipts in the book, the size of a body, streams at once. Bare YARP
# beside it where there is something to compare. The gateway on core 0, upstream and load on core 1; rounds take turns.
#   bench/growth.sh [ROUNDS] [SECONDS] [--quick] [--write]      --quick: small steps, to see that it works. --write: also into bench/results/growth.md
# bench/flat.sh asks the same of a ledger on Redis and PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
. bench/targets.sh
. bench/measure.sh
rounds=2 seconds=3 warm_up_most=20 output= numbers=() key_counts=(10 1000 100000) rule_counts=(0 10 10000) receipt_counts=(1000 100000 1000000)
body_sizes=(1000 100000 1000000 10000000) stream_counts=(100 1000 2000)
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 seconds=2 warm_up_most=4 key_counts=(10 1000) rule_counts=(0 100) receipt_counts=(1000 100000) body_sizes=(1000 1000000) stream_counts=(100 500) ;;
    --write) output=bench/results/growth.md ;;
    [0-9]*) numbers+=("$1") ;;
    *) sed -n '2,5p' "$0" >&2; exit 2 ;;
  esac
  shift
done
rounds=${numbers[0]:-$rounds} seconds=${numbers[1]:-$seconds}
first_port=${FIRST_PORT:-19500}
declare -A keys_of=()

add() { target_add "$@" || { echo "$1: ${absent[$1]}" >&2; exit 1; }; }
again() { target_launch "$1" && until_answered "$(url "$1")" "${key[$1]}"; }

# A gateway that has so many of one thing and hardly anything of the others.
make_keys() {
  add "keys-$1" gateway
  ask keys "http://$(address "keys-$1")/" "$admin" "$1" "$work/keys-$1.keys"
  key[keys-$1]=@$work/keys-$1.keys
}
make_rules() {
  add "rules-$1" gateway
  [ "$1" -gt 0 ] || return 0
  api "rules-$1" proxy-rules '{"type":"compress","name":"filled-0","tag":"filled-0","config":{"strength":"medium"}}' >/dev/null
  fill "rules-$1" rules $(($1 - 1))
}
make_receipts() {
  add "receipts-$1" gateway
  fill "receipts-$1" receipts "$1"
}
# With the gateway stopped, once it has recorded what it was funded with and asked.
fill() { # TARGET rules|receipts COUNT
  sleep 1
  target_stop "$1"
  $tool "$2" "$work/$1/data/gateway.db" "$3" >/dev/null
  again "$1"
}

# The same calls to each of them in turns: at saturation and at 500 a second.
measure_curve() { # TARGET…
  local round name calls per_s p50 p99 errors
  for name; do warm_up "$name" "$warm_up_most"; done
  for round in $(seq "$rounds"); do
    for name; do
      costs "$name" load 32 "$seconds" 0 && note "$round" "$name" cpu_closed "$micros" || echo "$name failed"
      costs "$name" load 32 "$seconds" 500 || { echo "$name failed"; continue; }
      read -r calls per_s p50 p99 errors <<<"$reply"
      note "$round" "$name" cpu_500 "$micros"; note "$round" "$name" p50 "$p50"; note "$round" "$name" p99 "$p99"; note "$round" "$name" errors "$errors"
      echo "round $round $name: $micros us of CPU a call at 500/s, p50 $p50 ms, p99 $p99 ms, $errors errors, load average $(load_average)"
    done
  done
}

# Bodies: four connections, as fast as they go; the added time is of one call.
measure_bodies() {
  local size round name calls per_s p50 p99 errors
  for size in "${body_sizes[@]}"; do
    for round in $(seq "$rounds"); do
      for name in yarp "rules-0"; do
        costs "$name" load 4 "$seconds" 0 "body=$size" || { echo "$name failed with $size bytes"; continue; }
        read -r calls per_s p50 p99 errors <<<"$reply"
        note "$round" "$name" "cpu_$size" "$micros"; note "$round" "$name" "p50_$size" "$p50"; note "$round" "$name" "p99_$size" "$p99"; note "$round" "$name" "errors_$size" "$errors"
        echo "round $round $name, bodies of $size bytes: $per_s/s, $micros us of CPU a call, p50 $p50 ms, p99 $p99 ms, $errors errors"
      done
    done
  done
}

# Streams that write once a second: resident memory while all of them are open, beside what it was before.
measure_open_streams() {
  local count name most now sampler
  local -A before=([yarp]=$(resident yarp) [rules-0]=$(resident rules-0))
  for count in "${stream_counts[@]}"; do
    for name in yarp "rules-0"; do
      (most=0; while sleep 0.25; do now=$(resident "$name"); most=$(awk -v a="$most" -v b="$now" 'BEGIN { print (b > a ? b : a) }'); echo "$most" >"$work/most"; done) & sampler=$!; pids+=($!)
      ask streams "$(url "$name")" "${key[$name]}" "$count" 4 model=$([ "$name" = yarp ] || echo mock/)slow chunks=6 gap=1000 || reply='0 0 0 0'
      kill $sampler 2>/dev/null || true
      wait $sampler 2>/dev/null || true
      read -r _ p50 p99 errors <<<"$reply"
      note 1 "$name" "kb_$count" "$(awk -v a="${before[$name]}" -v b="$(cat "$work/most")" -v n="$count" 'BEGIN { printf "%.1f", (b - a) * 1024 / n }')"
      note 1 "$name" "first_$count" "$p99"
      echo "$name, $count streams: ${before[$name]} MB before, $(cat "$work/most") MB at most, first byte p50 $p50 ms, p99 $p99 ms, $errors errors"
    done
  done
}

curve() { # TITLE NAME STEPS…
  local name=$2 step first=$3
  echo; echo "## $1"; echo
  shift 2
  header "$name" 'CPU µs a call, closed loop' '× the first' 'µs at 500/s' '× the first' 'p50 at 500/s, ms' 'beyond YARP' p99 'beyond YARP'
  for step; do
    row "$step" "$(middle "$name-$step" cpu_closed 0)" "$(middle "$name-$step" cpu_closed 2 / "$name-$first")" "$(middle "$name-$step" cpu_500 0)" "$(middle "$name-$step" cpu_500 2 / "$name-$first")" \
      "$(middle "$name-$step" p50 2)" "$(middle "$name-$step" p50 2 - yarp)" "$(middle "$name-$step" p99 2)" "$(middle "$name-$step" p99 2 - yarp)"
  done
}

report() {
  local step
  echo '# As things grow'; echo
  echo "\`bench/growth.sh $rounds $seconds\` wrote this page: $(machine) Load average before: $load_before."
  echo "Embedded gateway, \`process\`; $rounds rounds of $seconds s a figure, middle (least to most). Bare YARP in the same rounds: $(middle yarp cpu_closed 0) µs closed loop, $(middle yarp cpu_500 0) µs at 500/s."
  awk -v load="$load_before" 'BEGIN { exit !(load > 1) }' && echo '**Other work ran on this machine: times and ratios are not to be relied on.**'
  curve 'Keys, all of them calling in turns' keys "${key_counts[@]}"
  curve 'Rules, of which none matches' rules "${rule_counts[@]}"
  curve 'Receipts in the book' receipts "${receipt_counts[@]}"
  echo; echo '## Size of a body, four connections'; echo
  header bytes 'CPU µs a call' 'of bare YARP' '×' 'p50, ms' 'beyond YARP' p99 'beyond YARP' errors
  for step in "${body_sizes[@]}"; do
    row "$step" "$(middle rules-0 "cpu_$step" 0)" "$(middle yarp "cpu_$step" 0)" "$(middle rules-0 "cpu_$step" 2 / yarp)" "$(middle rules-0 "p50_$step" 2)" "$(middle rules-0 "p50_$step" 2 - yarp)" \
      "$(middle rules-0 "p99_$step" 2)" "$(middle rules-0 "p99_$step" 2 - yarp)" "$(SPREAD=no middle rules-0 "errors_$step" 0)"
  done
  echo; echo '## Streams at once, a chunk a second each'; echo
  echo 'Beyond what the process had before the first of these steps, which was warm from everything above; both connections of a stream included.'; echo
  header streams 'resident KB a stream' 'of bare YARP' 'first byte p99, ms' 'of bare YARP'
  for step in "${stream_counts[@]}"; do row "$step" "$(middle rules-0 "kb_$step" 0)" "$(middle yarp "kb_$step" 0)" "$(middle rules-0 "first_$step" 1)" "$(middle yarp "first_$step" 1)"; done
}

targets_open
load_before=$(load_average)
add yarp yarp
for step in "${key_counts[@]}"; do make_keys "$step"; done
for step in "${rule_counts[@]}"; do make_rules "$step"; done
for step in "${receipt_counts[@]}"; do make_receipts "$step"; done
echo "made in $SECONDS s"
measure_curve yarp "${key_counts[@]/#/keys-}" "${rule_counts[@]/#/rules-}" "${receipt_counts[@]/#/receipts-}"
measure_bodies
measure_open_streams
echo
report | tee "$work/report"
[ -z "$output" ] || cp "$work/report" "$output"
