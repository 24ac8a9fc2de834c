#!/usr/bin/env bash
# What a call costs a small book and a large one: hold, settle and record at the same rate with 10 keys on 10,000 receipts, then with KEYS keys on RECEIPTS
# receipts, in turns. CPU a call of the ledger, of Redis and of PostgreSQL. The ledger on core 0, both servers on core 1. An account has one key.
#   bench/flat.sh [KEYS] [RECEIPTS] [ROUNDS] [SECONDS] [CALLS_A_SECOND]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
keys=${1:-100000} receipts=${2:-10000000} rounds=${3:-3} seconds=${4:-10} rate=${5:-300}
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v q --nologo bench/Gateway.Load
work=$(mktemp -d)
chmod a+x "$work"
trap 'servers_stop; rm -rf "$work"' EXIT
servers_start "$work" 19140 19141 1
tool="taskset -c 0 dotnet bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll"
sql() { psql -qAt -h 127.0.0.1 -p 19141 -U bench -d "$1" -c "$2"; }
# Lines of "which pid microseconds": Redis, and each process of PostgreSQL that lives.
servers_cpu() {
  local pid postmaster
  postmaster=$(head -1 "$work/postgres/data/postmaster.pid")
  for pid in "$servers_redis" "$postmaster" $(pgrep -P "$postmaster"); do
    awk -v which="$([ "$pid" = "$servers_redis" ] && echo redis || echo postgres)" '{print which, $1, ($14 + $15) * 10000}' "/proc/$pid/stat" 2>/dev/null || true
  done
}

# Receipts of this month up to now, in the order of their ids; the indexes are kept as they are filled. Entries are left out: a call only adds to theirs.
fill() {
  sql "$1" "set synchronous_commit = off;
    with made as (
      select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid id, n, ms
      from (select n, (extract(epoch from date_trunc('month', now(), 'utc')) * 1000
        + extract(epoch from now() - date_trunc('month', now(), 'utc')) * 1000 * n / $2)::bigint - 1000 ms from generate_series(1, $2) n) t
      where ms >= extract(epoch from date_trunc('month', now(), 'utc')) * 1000
    )
    insert into receipt (id, account, workspace, key_id, occurred_at, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body)
    select id, 'acc_' || n % $3, 'ws_default', 'key_' || n % $3, uuid7_at(id), uuid7_at(id), 'complete', 274400, 0, 'CREDIT', 'confirmed', '[]',
      convert_to(repeat('x', 700), 'UTF8') from made;
    analyze receipt;"
}

declare -A accounts=([small]=10 [large]=$keys) rows=([small]=10000 [large]=$receipts) database=([small]=1 [large]=2)
for book in small large; do
  sql postgres "create database $book"
  target="${postgres%Database=*}Database=$book"
  # Makes the tables.
  $tool ledger "$redis,defaultDatabase=${database[$book]}" "$target" 1 10 1 >/dev/null
  started=$(date +%s)
  fill $book "${rows[$book]}" "${accounts[$book]}"
  echo "$book: ${accounts[$book]} keys, $(sql $book 'select count(*) from receipt') receipts, $(sql $book 'select pg_size_pretty(pg_database_size(current_database()))'), filled in $(($(date +%s) - started)) s"
done
sql postgres checkpoint
for round in $(seq "$rounds"); do
  for book in small large; do
    echo "round $round, $book (load average $(load_average)):"
    $tool ledger "$redis,defaultDatabase=${database[$book]}" "${postgres%Database=*}Database=$book" "${accounts[$book]}" "$rate" "$seconds" "$work/ready" >"$work/out" & load=$!
    # Loading the keys and warming up is not the calls' cost.
    while [ ! -e "$work/ready" ] && kill -0 $load 2>/dev/null; do sleep 0.05; done
    servers_cpu >"$work/before"
    while [ -e "$work/ready" ] && kill -0 $load 2>/dev/null; do sleep 0.05; done
    servers_cpu | awk -v calls="$((rate * seconds))" 'NR == FNR {before[$2] = $3; next} {used[$1] += $3 - before[$2]}
      END {printf "  Redis %.0f us, PostgreSQL %.0f us of CPU a call\n", used["redis"] / calls, used["postgres"] / calls}' "$work/before" -
    wait $load || true
    sed 's/^/  /' "$work/out"
  done
done
