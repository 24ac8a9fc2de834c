#!/usr/bin/env bash
# From settlement to commit: a gateway's ledger on Redis (AOF, fsync at each write) and PostgreSQL (fsync) under a fixed rate.
# The ledger on core 0, both servers on core 1.   bench/lag.sh [SETTLEMENTS_A_SECOND] [SECONDS] [ACCOUNTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v q --nologo bench/Gateway.Load
work=$(mktemp -d)
chmod a+x "$work"
trap 'servers_stop; rm -rf "$work"' EXIT
servers_start "$work" 19120 19121 1
echo "load average before: $(load_average)"
taskset -c 0 dotnet bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll ledger "$redis" "$postgres" "${3:-100}" "${1:-1000}" "${2:-30}"
echo "load average after: $(load_average)"
