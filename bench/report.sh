# What bench/compare.sh prints at its end, in Markdown, sourced by it.
report() {
  echo '# Beside bare YARP and others'
  echo
  echo "\`bench/compare.sh $rounds $seconds\` wrote this page: $(machine) Load average before: $load_before. $rounds rounds of $seconds s a figure ($((rounds > 1 ? rounds - 1 : 1)) for streams), middle (least to most)."
  echo 'What is measured has core 0; the mock upstream, the load, Redis, PostgreSQL and the collector share core 1. CPU is of the processes measured, user and system.'
  echo "A flush of 512 bytes to this disk (\`fdatasync\`): $disk."
  awk -v load="$load_before" 'BEGIN { exit !(load > 1) }' && echo '**Other work ran on this machine: times and ratios are not to be relied on.**'
  local name
  for name in "${order[@]}" bifrost; do [ -z "${absent[$name]:-}" ] || echo "${title[$name]}: ${absent[$name]}."; done
  for name in "${!failed[@]}"; do echo "${title[$name]}: ${failed[$name]}."; done
  echo
  goals
  echo; echo '## CPU and allocations of a call'; echo
  echo 'Where *busy* is well under 1, core 1 was the limit of the calls a second. Allocated: beyond bare YARP in brackets.'; echo
  header target 'calls/s, closed loop' busy 'CPU µs, closed loop' '× YARP' 'µs at 500/s' '× YARP' 'µs at 1,000/s' '× YARP' 'bytes allocated' errors
  for name in "${targets[@]}"; do
    row "${title[$name]}" "$(middle $name rate_closed 0)" "$(SPREAD=no middle $name busy_closed 2)" "$(middle $name cpu_closed 0)" "$(middle $name cpu_closed 2 / yarp)" \
      "$(middle $name cpu_500 0)" "$(middle $name cpu_500 2 / yarp)" "$(middle $name cpu_1000 0)" "$(middle $name cpu_1000 2 / yarp)" \
      "$(SPREAD=no middle $name bytes_closed 0) ($(SPREAD=no middle $name bytes_closed 0 - yarp))" "$(errors_of $name)"
  done
  row "${title[none]}" "$(middle none rate_closed 0)" – – – – – – – – –
  ! has shared || { echo; echo "Redis scripts a call of the gateway on Redis and PostgreSQL: $(middle shared scripts_closed 2)."; }
  echo; echo '## Latency of a call, ms'; echo
  echo 'Open loop, from the moment a call was due. *Upstream alone* is the generator on the mock upstream: its own lateness is in every row.'; echo
  header target '500/s p50' added p99 added '1,000/s p50' added p99 added '1,000/s on two cores p50' added p99 added
  for name in "${targets[@]}" none; do
    row "${title[$name]}" $(latencies $name 500) $(latencies $name 1000) $(latencies $name two) | sed 's/_/ /g'
  done
  echo; echo "## Streams, $streams at once"; echo
  echo 'Of 20 chunks, one every 20 ms: 500 begin and 10,000 chunks pass each second. A chunk: what streams of 200 chunks cost more than streams of 20.'; echo
  header target 'first byte p50, ms' added 'p99, ms' added 'CPU µs a chunk' '× YARP' 'bytes allocated a chunk' 'beyond YARP' errors
  for name in "${targets[@]}"; do
    row "${title[$name]}" "$(middle $name first_p50 2)" "$(middle $name first_p50 2 - yarp)" "$(middle $name first_p99 2)" "$(middle $name first_p99 2 - yarp)" \
      "$(middle $name chunk_cpu 1)" "$(middle $name chunk_cpu 2 / yarp)" "$(middle $name chunk_bytes 0)" "$(middle $name chunk_bytes 0 - yarp)" "$(SPREAD=no middle $name errors_streams 0)"
  done
  echo; echo '## Memory and start'; echo
  header target 'idle, MB' 'after the load, MB' 'process start to first answered call, ms'
  for name in "${targets[@]}"; do row "${title[$name]}" "$(middle $name idle 0)" "$(middle $name loaded 0)" "$(middle $name start 0)"; done
  echo; echo '## Telemetry'; echo
  traced
}

traced() {
  has telemetry && has sampled || return 0
  echo "Closed loop in $pairs turns of 1.5 s each, beside the same gateway without: CPU a call $(middle telemetry pair 3 / process) times with every call traced, $(middle sampled pair 3 / process) times with one in a hundred. \
OTLP bytes a call: $(middle telemetry otlp 0) and $(middle sampled otlp 0)."
  [ "$(SPREAD=no middle telemetry otlp 0)" != 0 ] || echo 'Nothing was sent: what is said of telemetry is not measured.'
}

errors_of() { awk -v target="$1" '$2 == target && $3 ~ /^errors_/ && $3 != "errors_streams" { sum += $4 } END { printf "%d", sum }' "$work/figures"; }
# Words by underscores: each is one cell.
latencies() {
  local figure
  for figure in p50 p99; do echo "$(middle "$1" "${figure}_$2" 2)"; echo "$(middle "$1" "${figure}_$2" 2 - yarp)"; done | sed 's/ /_/g'
}

# The goals, and whether the middle of the rounds meets them.
goals() {
  echo '## Goals'; echo
  header goal measured met
  goal 'CPU a call ≤ 1.6 × bare YARP, embedded, `process`, closed loop' '≤' 1.6 process cpu_closed 2 / yarp
  goal '  the same with `power`' '≤' 1.6 power cpu_closed 2 / yarp
  goal '  `process` at 500/s' '≤' 1.6 process cpu_500 2 / yarp
  goal '  `process` at 1,000/s' '≤' 1.6 process cpu_1000 2 / yarp
  goal 'CPU a call ≤ 2.0 × bare YARP on Redis and PostgreSQL' '≤' 2.0 shared cpu_closed 2 / yarp
  goal 'Telemetry at 100 % adds ≤ 10 % of CPU' '≤' 1.10 telemetry pair 3 / process
  goal 'Telemetry at 1 % adds ≤ 2 % of CPU' '≤' 1.02 sampled pair 3 / process
  goal 'Added p99 at 1,000/s on two cores < 1 ms, `process`' '<' 1 process p99_two 2 - yarp
  goal '  `power` (two flushes of the disk may be added to the 1 ms)' '<' "$(echo "$disk" | awk '{ print 1 + 2 * $2 }')" power p99_two 2 - yarp
  goal "Added p99 of the first byte < 0.5 ms at $streams streams" '<' 0.5 process first_p99 2 - yarp
  goal 'Allocated < 6,144 bytes a call beyond bare YARP' '<' 6144 process bytes_closed 0 - yarp
  goal 'Allocated 0 bytes a chunk beyond bare YARP' '≤' 0.5 process chunk_bytes 1 - yarp
  row 'Memory flat over an hour of mixed load' '`bench/soak-gateway.sh`' –
}
goal() { # TEXT ≤|< LIMIT TARGET FIGURE DIGITS OPERATION OTHER
  local value verdict
  value=$(SPREAD=no middle "${@:4}")
  verdict=$(awk -v value="$value" -v limit="$3" -v strict="$2" 'BEGIN { print value == "–" ? "not measured" : (strict == "<" ? value + 0 < limit + 0 : value + 0 <= limit + 0) ? "yes" : "no" }')
  row "$1" "$(middle "${@:4}")" "$verdict"
}
