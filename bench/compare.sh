#!/usr/bin/env bash
# Loads the gateway (SQLite in both durability modes; Redis and PostgreSQL) and bare YARP side by side with one mock upstream, on loopback: what is measured
# on core 0; upstream, load, Redis and PostgreSQL on core 1. Interleaved rounds; prints each round, so that the noise shows.   bench/compare.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
rounds=${1:-3} seconds=${2:-5}
[ -n "${NO_BUILD:-}" ] || for project in bench/Gateway.Load Gateway.Host; do dotnet build -c Release -v q --nologo "$project"; done
root=$PWD work=$(mktemp -d) pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; servers_stop; wait; rm -rf "$work"' EXIT
tool="dotnet $root/bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll"
admin=tw_api_benchmark_0123456789012345678901234567890

chmod a+x "$work"
cd "$work"
servers_start "$work/servers" 19110 19111 1
taskset -c 1 $tool upstream http://127.0.0.1:19100 >/dev/null 2>&1 & pids+=($!)
taskset -c 0 $tool yarp http://127.0.0.1:19101 http://127.0.0.1:19100 >/dev/null 2>&1 & yarp=$!; pids+=($yarp)
export Gateway__AdminKey=$admin Logging__LogLevel__Default=Warning
export Channels__0__name=mock Channels__0__provider=mock Channels__0__baseUrl=http://127.0.0.1:19100/v1 Channels__0__routeType=ordinary \
  Channels__0__allowPrivateAddress=true Channels__0__models__0__model=echo \
  Models__0__provider=mock Models__0__model=echo Models__0__kind=chat Models__0__contextWindow=128000 Models__0__maxOutputTokens=4096 \
  Models__0__prices__0__routeType=ordinary Models__0__prices__0__inputPricePer1M=1.4 Models__0__prices__0__outputPricePer1M=2.8
declare -A pid port key
pid[yarp]=$yarp port[yarp]=19101 key[yarp]=none
n=19102
gateways=(process power shared)
start() {
  mkdir -p "$1"
  (cd "$1" && exec env ASPNETCORE_URLS=http://127.0.0.1:$n "${@:2}" taskset -c 0 dotnet "$root/Gateway.Host/bin/Release/net10.0/Gateway.Host.dll" >log 2>&1) & pid[$1]=$!; pids+=($!)
  port[$1]=$n; n=$((n + 1))
}
start process Gateway__Durability=process
start power Gateway__Durability=power
start shared Gateway__Durability=power Gateway__MasterKey="$(head -c 32 /dev/zero | base64)" ConnectionStrings__Ledger="$postgres" ConnectionStrings__Redis="$redis"
for name in yarp "${gateways[@]}"; do
  for _ in $(seq 300); do curl -s -o /dev/null "http://127.0.0.1:${port[$name]}/health/live" && break; sleep 0.1; done
done
for name in "${gateways[@]}"; do
  api=http://127.0.0.1:${port[$name]}/api
  key[$name]=$(curl -s "$api/keys" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
    -d '{"name":"bench","kind":"inference","rateLimit":{"burst":1000000,"refillPerSecond":1000000}}' | sed 's/.*"key":"\([^"]*\)".*/\1/')
  curl -s -o /dev/null "$api/top-ups" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -d '{"bucket":"wallet","amount":1000000}'
  echo "idle memory ($name): $(($(awk '/VmRSS/ {print $2}' /proc/${pid[$name]}/status) / 1024)) MB"
done

cpu() { awk '{print ($14 + $15) * 10000}' "/proc/$1/stat"; }
scripts() { redis-cli -p 19110 info commandstats | sed -n 's/^cmdstat_evalsha:calls=\([0-9]*\).*/\1/p'; }
run() { taskset -c 1 $tool "$@"; }
url() { echo "http://127.0.0.1:${port[$1]}/v1/chat/completions"; }
declare -A base
# The column of a target, and what it is to that of bare YARP in the same round.
note() { [ "$1" = yarp ] && base[$2]=$3; echo "$1 $2 $3 ${base[$2]}" >>"$work/figures"; }
# Until the compiler has seen enough: a gateway that is still being compiled costs twice as much.
for name in yarp "${gateways[@]}"; do run load "$(url "$name")" "${key[$name]}" 32 20 0 >/dev/null; done
for rate in 0 500; do
  echo "round target   calls   per_s  cpu_us p50_ms p99_ms errors scripts_a_call load_average   ($([ $rate = 0 ] && echo 'closed loop' || echo "open loop, $rate a second"), 32 connections)"
  for round in $(seq "$rounds"); do
    for name in yarp "${gateways[@]}"; do
      before=$(cpu "${pid[$name]}") asked=$(scripts)
      read -r calls rate_seen p50 p99 errors < <(run load "$(url "$name")" "${key[$name]}" 32 "$seconds" $rate)
      micros=$(echo "$before $(cpu "${pid[$name]}") $calls" | awk '{print ($2-$1)/$3}')
      [ $name = shared ] && asked=$(echo "$asked $(scripts) $calls" | awk '{printf "%.2f", ($2-$1)/$3}') || asked=-
      note $name cpu_$rate "$micros"
      printf '%5s %-8s %7s %6s %7.1f %6s %6s %6s %14s %s\n' "$round" "$name" "$calls" "$rate_seen" "$micros" "$p50" "$p99" "$errors" "$asked" "$(load_average)"
    done
  done
done
echo "round target   streams cpu_us first_p50_ms first_p99_ms load_average   (200 streams at once)"
for round in $(seq "$rounds"); do
  for name in yarp "${gateways[@]}"; do
    before=$(cpu "${pid[$name]}")
    read -r count p50 p99 < <(run streams "$(url "$name")" "${key[$name]}" 200 "$seconds")
    micros=$(echo "$before $(cpu "${pid[$name]}") $count" | awk '{print ($2-$1)/$3}')
    note $name first_p50 "$p50"
    note $name first_p99 "$p99"
    printf '%5s %-8s %7s %7.1f %6s %6s %s\n' "$round" "$name" "$count" "$micros" "$p50" "$p99" "$(load_average)"
  done
done

# Middle of the rounds, and their least and most.
spread() { sort -n | awk -v unit="$1" '{v[NR]=$1} END {printf "%.2f%s (%.2f to %.2f)", (v[int((NR+1)/2)]+v[int(NR/2)+1])/2, unit, v[1], v[NR]}'; }
of() { awk -v name="$1" -v figure="$2" "\$1 == name && \$2 == figure {print $3}" "$work/figures" | spread "$4"; }
echo 'beside bare YARP in the same round: middle (least to most)'
for name in "${gateways[@]}"; do
  printf '%-8s CPU a call %s closed loop, %s at 500 a second; first token %s at p50, %s at p99\n' "$name" "$(of $name cpu_0 '$3/$4' ' times')" \
    "$(of $name cpu_500 '$3/$4' ' times')" "$(of $name first_p50 '$3-$4' ' ms later')" "$(of $name first_p99 '$3-$4' ' ms')"
  echo "memory after load ($name): $(($(awk '/VmRSS/ {print $2}' /proc/${pid[$name]}/status) / 1024)) MB"
done
