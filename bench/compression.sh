#!/usr/bin/env bash
# Measures compression without a model on a folder of data (its SOURCES.md says what is in it), and writes bench/results/compression.md. The folder of npm
# packages is optional: @octokit/webhooks-examples 7.6.1 and @octokit/fixtures 23.1.2, both MIT.   bench/compression.sh DATA [NODE_MODULES]
set -euo pipefail
data=$(realpath "$1") packages=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v q --nologo bench/Gateway.Benchmarks
mkdir -p bench/results
dotnet bench/Gateway.Benchmarks/bin/Release/net10.0/Gateway.Benchmarks.dll compression "$data" "${packages:-}" >bench/results/compression.md.new
mv bench/results/compression.md.new bench/results/compression.md
