#!/usr/bin/env bash
# Settlements a second that a PostgreSQL book with fsync records on 10, 1,000 and 100,000 accounts: in batches of 500, and beside it one transaction a call.
#   bench/record.sh [SETTLEMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/servers.sh
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v q --nologo bench/Gateway.Load
work=$(mktemp -d)
chmod a+x "$work"
trap 'servers_stop; rm -rf "$work"' EXIT
servers_start "$work" 19150 19151
for accounts in 10 1000 100000; do
  dotnet bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll record "$postgres" "${1:-20000}" $accounts
  echo "                load average: $(load_average)"
done
