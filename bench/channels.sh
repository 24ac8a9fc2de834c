#!/usr/bin/env bash
# What a fallback adds after a refused connection and after a 429, as the receipts say it; and what memory many streams at once cost the gateway.
# Upstream and load on core 1, the gateway on core 0 (all cores with STREAMS).   bench/channels.sh [CALLS] [STREAMS]   (NO_BUILD=1: the Release builds are there)
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/servers.sh
calls=${1:-2000} streams=${2:-2000} root=$PWD work=$(mktemp -d) pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
[ -n "${NO_BUILD:-}" ] || for project in bench/Gateway.Load Gateway.Host; do dotnet build -c Release -v q --nologo "$project"; done
tool="dotnet $root/bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll"
url=http://127.0.0.1:19121 admin=tw_api_benchmark_0123456789012345678901234567890 json='Content-Type: application/json'
cd "$work"
taskset -c 1 $tool upstream http://127.0.0.1:19120 >/dev/null 2>&1 & pids+=($!)
env URLS=$url Gateway__AdminKey=$admin Gateway__Durability=process Logging__LogLevel__Default=Warning \
  dotnet "$root/Gateway.Host/bin/Release/net10.0/Gateway.Host.dll" >log 2>&1 & gateway=$!; pids+=($gateway)
for _ in $(seq 300); do curl -s -o /dev/null "$url/health/live" && break; sleep 0.1; done
api() { curl -sf "$url/api/$1" -H "Authorization: Bearer $admin" -H "$json" -d "$2"; }
channel() { # MODEL UPSTREAM_MODEL BASE_URL PRIORITY
  api channels "{\"name\":\"$1-$4\",\"provider\":\"mock\",\"baseUrl\":\"$3\",\"routeType\":\"ordinary\",\"allowPrivateAddress\":true,\"maxConcurrency\":100000,\"priority\":$4,\"breakMinimumCalls\":1000,\"breakWindowMs\":500,\"breakFailureRatio\":1,
    \"models\":[{\"model\":\"$1\",\"upstreamModel\":\"$2\"}]}" >/dev/null
}
for model in direct refused limited slow; do
  api models "{\"provider\":\"mock\",\"model\":\"$model\",\"kind\":\"chat\",\"maxOutputTokens\":4096,\"prices\":[{\"routeType\":\"ordinary\",\"inputPricePer1M\":1.4,\"outputPricePer1M\":2.8}]}" >/dev/null
done
channel direct echo http://127.0.0.1:19120/v1 0
channel refused echo http://127.0.0.1:1/v1 0
channel refused echo http://127.0.0.1:19120/v1 1
channel limited limited http://127.0.0.1:19120/v1 0
channel limited echo http://127.0.0.1:19120/v1 1
channel slow slow http://127.0.0.1:19120/v1 0
key=$(api keys '{"name":"bench","kind":"inference","rateLimit":{"burst":1000000,"refillPerSecond":1000000}}' | sed 's/.*"key":"\([^"]*\)".*/\1/')
api top-ups '{"bucket":"wallet","amount":1000000}' >/dev/null

measure() { # MODEL: one connection for all calls; the first quarter is warm-up
  taskset -c 1 curl -sf "$url/v1/chat/completions?[1-$calls]" -H "Authorization: Bearer $key" -H "$json" -D headers -o /dev/null -d "{\"model\":\"mock/$1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
  sleep 1
  grep -i '^x-gateway-receipt' headers | tr -d '\r' | cut -d ' ' -f 2 | tail -n "$((calls * 3 / 4))" | sed "s|^|url = $url/v1/receipts/|" >urls
  curl -sf -K urls -H "Authorization: Bearer $key" | grep -o '"latencyMs":[0-9.]*,"firstTokenMs"' | grep -o '"latencyMs":[0-9.]*' | cut -d : -f 2 | sort -g |
    awk -v name="$1" '{ t[NR] = $1 } END { printf "%-8s from arrival to settlement, ms: p50 %s, p90 %s, p99 %s (%d calls)\n", name, t[int(NR / 2)], t[int(NR * .9)], t[int(NR * .99)], NR }'
}
taskset -cp 0 $gateway >/dev/null
for round in 1 2; do for model in direct refused limited; do measure $model; done; done
echo "load average $(load_average)"

taskset -cp 0,1 $gateway >/dev/null
rss() { awk '/VmRSS/ {print $2}' /proc/$gateway/status; }
$tool streams "$url/v1/chat/completions" "$key" 50 3 model=mock/slow >/dev/null
idle=$(rss)
$tool streams "$url/v1/chat/completions" "$key" "$streams" 25 model=mock/slow gap=1000 >counted & load=$!
most=0 open=0
while kill -0 $load 2>/dev/null; do
  now=$(rss) && [ "$now" -gt "$most" ] && most=$now
  live=$(ss -Htn state established "( dport = :19120 )" 2>/dev/null | wc -l || echo 0) && [ "$live" -gt "$open" ] && open=$live
  sleep 0.5
done
echo "$streams streams: resident memory $((idle / 1024)) MB before, $((most / 1024)) MB at most: $(((most - idle) / streams)) KB a stream; streams done, first token p50 and p99 in ms: $(cat counted)"
