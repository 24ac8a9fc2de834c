#!/usr/bin/env bash
# The gateway (embedded in both durability modes; on Redis and PostgreSQL; with telemetry) beside bare YARP, nginx, haproxy and other gateways, side by side on this
# machine with one mock upstream, on loopback. What is measured is pinned to core 0; upstream, load, Redis, PostgreSQL and the collector of telemetry to core 1.
# Rounds take turns; each figure is the middle of the rounds with the least and the most.
#   bench/compare.sh [ROUNDS] [SECONDS] [--quick] [--write] [--only TARGET,…]
# --quick: a few minutes, to see that it works. --write: also into bench/results/compare.md. FIRST_PORT=19400: of the hundred it uses. PEERS=no: without other gateways. NO_BUILD=1: measure what was published last.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
. bench/targets.sh
. bench/measure.sh
rounds=3 seconds=4 starts=5 warm_up_most=60 pairs=8 streams=200 output= only= numbers=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 seconds=2 starts=1 warm_up_most=8 pairs=1 ;;
    --write) output=bench/results/compare.md ;;
    --only) only=$2; shift ;;
    [0-9]*) numbers+=("$1") ;;
    *) sed -n '2,7p' "$0" >&2; exit 2 ;;
  esac
  shift
done
rounds=${numbers[0]:-$rounds} seconds=${numbers[1]:-$seconds}
first_port=${FIRST_PORT:-19400} gateways=() targets=() order=(yarp process power shared telemetry sampled nginx haproxy portkey litellm)
declare -A title=([yarp]='bare YARP' [process]='gateway, `process`' [power]='gateway, `power`' [shared]='gateway, Redis + PostgreSQL' [telemetry]='gateway, `process`, 100 % traced'
  [sampled]='gateway, `process`, 1 % traced' [nginx]=nginx [haproxy]=haproxy [portkey]='Portkey gateway (Node)' [litellm]=LiteLLM [bifrost]=Bifrost [none]='upstream alone')

add() { # NAME KIND [SETTING=VALUE…]
  [ -z "$only" ] || [[ ,$only,yarp, == *,$1,* ]] || return 0
  if target_add "$@"; then targets+=("$1"); [ "$2" != gateway ] || gateways+=("$1"); else echo "${title[$1]}: ${absent[$1]}"; fi
}
# These differ from `process` in telemetry alone: what that cannot change is measured once or not, for the time it takes.
is_traced() { [ "$1" = telemetry ] || [ "$1" = sampled ]; }
has() { [[ " ${targets[*]} " == *" $1 "* ]]; }

open_all() {
  targets_open
  servers_start "$work/servers" $((first_port + 90)) $((first_port + 91)) 1
  taskset -c 1 $tool otlp-sink http://127.0.0.1:$((first_port + 92)) >/dev/null 2>&1 & pids+=($!)
  local otlp=(OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$((first_port + 92)) OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)
  on_servers=(Gateway__Durability=power Gateway__MasterKey="$(head -c 32 /dev/zero | base64)" ConnectionStrings__Ledger="$postgres" ConnectionStrings__Redis="$redis")
  add yarp yarp
  add process gateway
  add power gateway Gateway__Durability=power
  add shared gateway "${on_servers[@]}"
  add telemetry gateway "${otlp[@]}" OTEL_TRACES_SAMPLER=parentbased_always_on
  add sampled gateway "${otlp[@]}" OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.01
  add nginx nginx
  add haproxy haproxy
  absent[bifrost]='not installed: its package downloads the program from elsewhere when it is started'
  if [ "${PEERS:-yes}" = yes ]; then add portkey portkey; add litellm litellm; fi
}

# From the start of the process, with what it has stored, to the first answered call.
measure_starts() {
  local name i began
  for name in "${targets[@]}"; do
    for i in $(seq "$(is_traced "$name" && echo 1 || echo "$starts")"); do
      target_stop "$name"
      began=$(date +%s%N)
      target_launch "$name"
      until_answered "$(url "$name")" "${key[$name]}" "$began" ${options[$name]} && note "$i" "$name" start "$reply" || true
    done
    sleep 2
    note 1 "$name" idle "$(resident "$name")"
    echo "start of $name: $(middle "$name" start 0) ms; idle $(resident "$name") MB"
  done
}

# Calls at a rate, 0 being as many as there can be: CPU and bytes a call, latency.
measure_calls() { # SUFFIX RATE CONNECTIONS TARGET…
  local suffix=$1 rate=$2 connections=$3 round name calls per_s p50 p99 errors scripts; shift 3
  echo "round target     calls   per_s  cpu_us  busy p50_ms p99_ms errors bytes_a_call scripts_a_call load_average   ($([ "$rate" = 0 ] && echo 'closed loop' || echo "open loop, $rate a second")$([ "$suffix" = two ] && echo ', on two cores'))"
  for round in $(seq "$rounds"); do
    for name; do
      scripts=$(scripts_run)
      costs "$name" load "$connections" "$seconds" "$rate" || { echo "$name failed in round $round"; continue; }
      read -r calls per_s p50 p99 errors <<<"$reply"
      scripts=$([ "$name" = shared ] && awk -v a="$scripts" -v b="$(scripts_run)" -v n="$calls" 'BEGIN { printf "%.2f", (b - a) / n }' || echo -)
      printf '%5s %-10s %6s %7s %7.1f %5s %6s %6s %6s %12s %14s %s\n' "$round" "$name" "$calls" "$per_s" "$micros" "$busy" "$p50" "$p99" "$errors" "$bytes" "$scripts" "$(load_average)"
      note "$round" "$name" "rate_$suffix" "$per_s"; note "$round" "$name" "cpu_$suffix" "$micros"; note "$round" "$name" "busy_$suffix" "$busy"
      note "$round" "$name" "p50_$suffix" "$p50"; note "$round" "$name" "p99_$suffix" "$p99"; note "$round" "$name" "errors_$suffix" "$errors"
      note "$round" "$name" "bytes_$suffix" "$bytes"; note "$round" "$name" "scripts_$suffix" "$scripts"
    done
    measure_upstream "$round" "$suffix" "$rate" "$connections"
  done
}
scripts_run() { redis-cli -p $((first_port + 90)) info commandstats 2>/dev/null | sed -n 's/^cmdstat_evalsha:calls=\([0-9]*\).*/\1/p'; }

# The generator on the upstream itself: what of a latency is theirs.
measure_upstream() { # ROUND SUFFIX RATE CONNECTIONS
  ask load "$upstream/v1/chat/completions" none "$4" "$seconds" "$3" || return 0
  local calls per_s p50 p99 errors
  read -r calls per_s p50 p99 errors <<<"$reply"
  printf '%5s %-10s %6s %7s %7s %5s %6s %6s %6s\n' "$1" upstream "$calls" "$per_s" - - "$p50" "$p99" "$errors"
  note "$1" none "rate_$2" "$per_s"; note "$1" none "p50_$2" "$p50"; note "$1" none "p99_$2" "$p99"
}

# Streams of 20 and of 200 chunks: what the longer ones cost more is the chunks'.
declare -A failed=()
measure_streams() {
  local round name count p50 p99 errors short_micros short_bytes
  echo "round target     streams first_p50_ms first_p99_ms errors cpu_us_a_chunk bytes_a_chunk load_average   ($streams streams at once)"
  for round in $(seq $((rounds > 1 ? rounds - 1 : 1))); do
    for name in "${targets[@]}"; do
      costs "$name" streams "$streams" "$seconds" chunks=20 || { echo "$name failed in round $round"; continue; }
      read -r count p50 p99 errors <<<"$reply"
      note "$round" "$name" errors_streams "$errors"
      [ "$errors" -lt "$count" ] || { failed[$name]="every stream failed: $(last_words "$name")"; echo "$name: ${failed[$name]}"; continue; }
      note "$round" "$name" first_p50 "$p50"; note "$round" "$name" first_p99 "$p99"
      short_micros=$micros short_bytes=$bytes micros=- bytes=-
      if per_chunk "$name" && costs "$name" streams "$streams" "$seconds" chunks=200; then
        micros=$(awk -v a="$short_micros" -v b="$micros" 'BEGIN { printf "%.2f", (b - a) / 180 }')
        [ "$bytes" = - ] || bytes=$(awk -v a="$short_bytes" -v b="$bytes" 'BEGIN { printf "%.1f", (b - a) / 180 }')
        note "$round" "$name" chunk_cpu "$micros"; note "$round" "$name" chunk_bytes "$bytes"
      fi
      printf '%5s %-10s %7s %12s %12s %6s %14s %13s %s\n' "$round" "$name" "$count" "$p50" "$p99" "$errors" "$micros" "$bytes" "$(load_average)"
    done
  done
}
# Those of which something is to be learned, for the time it takes.
per_chunk() { case $1 in yarp | process | shared | telemetry | nginx) ;; *) false ;; esac; }

# With and without telemetry in short turns, because what is looked for is smaller than the drift over a round.
measure_telemetry() {
  has telemetry && has sampled && has process || return 0
  local pair name before
  for pair in $(seq "$pairs"); do
    for name in process telemetry sampled; do
      before=$(curl -s http://127.0.0.1:$((first_port + 92))/ || true)
      costs "$name" load 32 1.5 0 || continue
      note "$pair" "$name" pair "$micros"
      note "$pair" "$name" otlp "$(echo "$before $(curl -s http://127.0.0.1:$((first_port + 92))/ || true) $units" | awk '{ printf "%.0f", ($4 - $2) / $5 }')"
    done
  done
  traced
}

# New processes that may use both cores, as upstream and load do.
measure_two_cores() {
  local name each here=()
  for name in "${targets[@]}"; do target_stop "$name"; done
  for each in $upstream_pid $generator; do taskset -acp 0,1 "$each" >/dev/null; done
  pinned=0,1
  for name in yarp process power shared; do
    has "$name" || continue
    cores[$name]=0,1
    target_launch "$name"
    until_answered "$(url "$name")" "${key[$name]}" && warm_up "$name" $((warm_up_most / 2)) && here+=("$name") || echo "$name does not answer on two cores"
  done
  measure_calls two 1000 32 "${here[@]}"
}

. bench/report.sh

open_all
load_before=$(load_average)
measure_starts
for name in "${targets[@]}"; do warm_up "$name" "$warm_up_most"; done
measure_calls closed 0 32 "${targets[@]}"
untraced=(); for name in "${targets[@]}"; do is_traced "$name" || untraced+=("$name"); done
measure_calls 500 500 32 "${untraced[@]}"
measure_calls 1000 1000 32 "${targets[@]}"
measure_streams
measure_telemetry
for name in "${targets[@]}"; do note 1 "$name" loaded "$(resident "$name")"; done
disk=$($tool disk "$work" 300)
measure_two_cores
echo
report | tee "$work/report"
[ -z "$output" ] || cp "$work/report" "$output"
