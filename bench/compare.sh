#!/usr/bin/env bash
# Loads the gateway (both durability modes) and bare YARP side by side with one mock upstream, on loopback: servers on core 0,
# upstream and load on core 1. Interleaved rounds; prints each round, so that the noise shows.   bench/compare.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3} seconds=${2:-5}
for project in bench/Gateway.Load Gateway.Host; do dotnet build -c Release -v q --nologo "$project"; done
root=$PWD work=$(mktemp -d) pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
tool="dotnet $root/bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll"
admin=tw_api_benchmark_0123456789012345678901234567890

cd "$work"
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
for mode in process power; do
  mkdir -p "$mode"
  (cd "$mode" && ASPNETCORE_URLS=http://127.0.0.1:$n Gateway__Durability=$mode exec taskset -c 0 dotnet "$root/Gateway.Host/bin/Release/net10.0/Gateway.Host.dll" >log 2>&1) & pid[$mode]=$!; pids+=($!)
  port[$mode]=$n; n=$((n + 1))
done
for name in yarp process power; do
  for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:${port[$name]}/health/live" && break; sleep 0.1; done
done
for mode in process power; do
  api=http://127.0.0.1:${port[$mode]}/api
  key[$mode]=$(curl -s "$api/keys" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
    -d '{"name":"bench","kind":"inference","rateLimit":{"burst":1000000,"refillPerSecond":1000000}}' | sed 's/.*"key":"\([^"]*\)".*/\1/')
  curl -s -o /dev/null "$api/top-ups" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -d '{"bucket":"wallet","amount":1000000}'
  echo "idle memory ($mode): $(($(awk '/VmRSS/ {print $2}' /proc/${pid[$mode]}/status) / 1024)) MB"
done

cpu() { awk '{print ($14 + $15) * 10000}' "/proc/$1/stat"; }
run() { taskset -c 1 $tool "$@"; }
for name in yarp process power; do run load "http://127.0.0.1:${port[$name]}/v1/chat/completions" "${key[$name]}" 32 6 0 >/dev/null; done
echo "round target   calls   per_s  cpu_us p50_ms p99_ms errors   (closed loop, 32 connections)"
for round in $(seq "$rounds"); do
  for name in yarp process power; do
    before=$(cpu "${pid[$name]}")
    read -r calls rate p50 p99 errors < <(run load "http://127.0.0.1:${port[$name]}/v1/chat/completions" "${key[$name]}" 32 "$seconds" 0)
    printf '%5s %-8s %7s %6s %7.1f %6s %6s %s\n' "$round" "$name" "$calls" "$rate" "$(echo "$before $(cpu "${pid[$name]}") $calls" | awk '{print ($2-$1)/$3}')" "$p50" "$p99" "$errors"
  done
done
echo "round target   calls  per_s p50_ms p99_ms errors   (open loop, 500 a second)"
for round in $(seq "$rounds"); do
  for name in yarp process power; do
    read -r calls rate p50 p99 errors < <(run load "http://127.0.0.1:${port[$name]}/v1/chat/completions" "${key[$name]}" 32 "$seconds" 500)
    printf '%5s %-8s %7s %6s %6s %6s %s\n' "$round" "$name" "$calls" "$rate" "$p50" "$p99" "$errors"
  done
done
echo "round target   streams first_p50_ms first_p99_ms   (200 streams at once)"
for round in $(seq "$rounds"); do
  for name in yarp process power; do
    read -r count p50 p99 < <(run streams "http://127.0.0.1:${port[$name]}/v1/chat/completions" "${key[$name]}" 200 "$seconds")
    printf '%5s %-8s %7s %6s %6s\n' "$round" "$name" "$count" "$p50" "$p99"
  done
done
for mode in process power; do echo "memory after load ($mode): $(($(awk '/VmRSS/ {print $2}' /proc/${pid[$mode]}/status) / 1024)) MB"; done
