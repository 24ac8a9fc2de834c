#!/usr/bin/env bash
# Whether memory stays where it is: a gateway's ledger on Redis and PostgreSQL under a fixed rate, heap and resident memory at intervals and
# their slope.   bench/soak.sh [SECONDS] [SETTLEMENTS_A_SECOND] [ACCOUNTS]     nightly: bench/soak.sh 1800
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v q --nologo bench/Gateway.Load
work=$(mktemp -d)
chmod a+x "$work"
trap 'servers_stop; rm -rf "$work"' EXIT
servers_start "$work" 19130 19131 1
echo "load average before: $(load_average)"
taskset -c 0 dotnet bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll soak "$redis" "$postgres" "${3:-100}" "${2:-300}" "${1:-120}"
echo "load average after: $(load_average)"
