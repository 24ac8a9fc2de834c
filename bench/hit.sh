#!/usr/bin/env bash
# The gateway's own time for an exact cache hit, on Redis and PostgreSQL and embedded, as the receipts say it: from the request's arrival to its settlement.
# bench/hit.sh [CALLS]   (NO_BUILD=1: the Release build is there)
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/servers.sh
calls=${1:-2000} root=$PWD folder=$(mktemp -d)
gateway=
chmod a+x "$folder"
trap '[ -z "$gateway" ] || kill "$gateway" 2>/dev/null; servers_stop; rm -rf "$folder"' EXIT
[ -n "${NO_BUILD:-}" ] || dotnet build Gateway.Host -c Release -v q --nologo

measure() { # NAME PORT SETTINGS…
  local name=$1 url=http://127.0.0.1:$2 admin=tw_api_0123456789012345678901234567890123 json='Content-Type: application/json' key
  shift 2
  mkdir -p "$folder/$name"
  (cd "$folder/$name" && exec env "$@" URLS="$url" Gateway__AdminKey=$admin Gateway__Durability=process \
    dotnet "$root/Gateway.Host/bin/Release/net10.0/Gateway.Host.dll" >log 2>&1) & gateway=$!
  for _ in $(seq 300); do key=$(grep -om1 'Bearer tw_[A-Za-z0-9]*' "$folder/$name/log" || true); [ -n "$key" ] && break; sleep 0.1; done
  curl -sf "$url/api/proxy-rules" -H "Authorization: Bearer $admin" -H "$json" -d '{"type":"cache_enable","name":"all","config":{"ttlSeconds":600}}' >/dev/null
  curl -sf "$url/api/keys/$(curl -sf "$url/api/keys" -H "Authorization: Bearer $admin" | grep -om1 'key_[0-9a-f]*' | head -1)" -X PATCH -H "Authorization: Bearer $admin" -H "$json" \
    -d '{"rateLimit":{"burst":100000,"refillPerSecond":10000}}' >/dev/null
  # One connection for all calls. The first quarter is warm-up.
  curl -sf "$url/v1/chat/completions?[1-$calls]" -H "Authorization: $key" -H "$json" -D "$folder/$name/headers" -o /dev/null \
    -d '{"model":"demo/echo","messages":[{"role":"user","content":"Hello, cache!"}]}'
  sleep 1
  grep -i '^x-gateway-receipt' "$folder/$name/headers" | tr -d '\r' | cut -d ' ' -f 2 | tail -n "$((calls * 3 / 4))" | sed "s|^|url = $url/v1/receipts/|" >"$folder/$name/urls"
  curl -sf -K "$folder/$name/urls" -H "Authorization: $key" >"$folder/$name/receipts"
  echo "$name: $(grep -o '"outcome":"cached"' "$folder/$name/receipts" | wc -l) hits, gateway time ms: $(grep -o '"latencyMs":[0-9.]*' "$folder/$name/receipts" | cut -d : -f 2 |
    sort -g | awk '{ t[NR] = $1 } END { printf "p50 %s, p90 %s, p99 %s", t[int(NR / 2)], t[int(NR * .9)], t[int(NR * .99)] }'), load average $(load_average)"
  kill "$gateway" && wait "$gateway" 2>/dev/null || true
  gateway=
}

measure embedded 18090
servers_start "$folder/servers" 18091 18092
measure shared 18093 "ConnectionStrings__Redis=$redis" "ConnectionStrings__Ledger=$postgres" Gateway__MasterKey=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
