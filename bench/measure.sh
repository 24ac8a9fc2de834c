# For the benchmarks that drive a gateway over HTTP, sourced after targets.sh: figures of a target, kept by round, and their middle, least and most.

# Microseconds of CPU that a target and its children have used.
cpu() {
  local ids; ids="${pid[$1]} $(pgrep -d ' ' -P "${pid[$1]}" || true)"
  local each; for each in $ids; do cat "/proc/$each/stat" 2>/dev/null || true; done | sed 's/^.*) //' | awk -v tick="$(getconf CLK_TCK)" '{ used += $12 + $13 } END { printf "%.0f", used * 1000000 / tick }'
}

# Resident memory of a target and its children, in MB.
resident() {
  local each; for each in ${pid[$1]} $(pgrep -P "${pid[$1]}" || true); do cat "/proc/$each/status" 2>/dev/null || true; done | awk '/^VmRSS/ { kb += $2 } END { printf "%.1f", kb / 1024 }'
}

# A figure of the runtime that GET /metrics prints, summed over its labels; nothing where there is none.
metric() { curl -s "http://$(address "$1")/metrics" 2>/dev/null | awk -v name="$2" '$0 ~ "^" name "[ {]" { sum += $NF; seen = 1 } END { if (seen) printf "%.0f", sum }' || true; }
allocated() { case ${kind[$1]} in gateway | yarp) metric "$1" dotnet_gc_heap_total_allocated_bytes_total ;; esac; }

# What a part of the load costs a target: sets $micros, $busy (CPU seconds a second) and $bytes (- where unknown), each of them for $units; $reply is the generator's.
costs() { # NAME COMMAND OPTIONS…
  local bytes_before before after started
  bytes_before=$(allocated "$1") before=$(cpu "$1") started=$(date +%s%N)
  ask "$2" "$(url "$1")" "${key[$1]}" "${@:3}" ${options[$1]} || return 1
  after=$(cpu "$1")
  bytes_after=$(allocated "$1")
  units=${reply%% *}
  [ "$units" -gt 0 ] || return 1
  micros=$(awk -v a="$before" -v b="$after" -v n="$units" 'BEGIN { printf "%.2f", (b - a) / n }')
  busy=$(awk -v a="$before" -v b="$after" -v s="$(($(date +%s%N) - started))" 'BEGIN { printf "%.2f", (b - a) * 1000 / s }')
  bytes=$([ -z "$bytes_before" ] && echo - || awk -v a="$bytes_before" -v b="$bytes_after" -v n="$units" 'BEGIN { printf "%.0f", (b - a) / n }')
}

# Closed loop until the CPU of a call in two windows of 4 s differs by less than 5 %: a gateway that is still being compiled costs twice as much. At least four
# windows of what is compiled as it runs.
warm_up() { # NAME MOST_SECONDS
  local started=$SECONDS last=0 windows=0 least=4
  case ${kind[$1]} in nginx | haproxy) least=2 ;; esac
  until [ $((SECONDS - started)) -ge "$2" ]; do
    costs "$1" load 32 4 0 || return 1
    windows=$((windows + 1))
    awk -v a="$last" -v b="$micros" 'BEGIN { exit !(a > 0 && (a - b) / b < 0.05 && (b - a) / b < 0.05) }' && [ $windows -ge $least ] && break
    last=$micros
  done
  echo "warm-up of $1: $((SECONDS - started)) s, $([ $((SECONDS - started)) -ge "$2" ] && echo 'not yet even' || echo even): $micros us of CPU a call"
}

# ROUND TARGET FIGURE VALUE
note() { [ "$4" = - ] || [ "$4" = NaN ] || echo "$@" >>"$work/figures"; }

# The middle of a target's figures over the rounds, with the least and the most; as a difference (-) or ratio (/) to another target in the same round if asked.
middle() { # TARGET FIGURE DIGITS [- | / TARGET]
  touch "$work/figures"
  awk -v target="$1" -v figure="$2" -v digits="$3" -v operation="${4:-}" -v other="${5:-}" -v spread="${SPREAD:-yes}" '
    $2 == target && $3 == figure { mine[$1] = $4 }
    $2 == other && $3 == figure { base[$1] = $4 }
    END {
      for (round in mine) {
        if (operation != "" && (!(round in base) || (operation == "/" && base[round] == 0))) continue
        value = operation == "-" ? mine[round] - base[round] : operation == "/" ? mine[round] / base[round] : mine[round]
        for (i = ++n; i > 1 && v[i - 1] > value; i--) v[i] = v[i - 1]
        v[i] = value
      }
      if (!n) { printf "–"; exit }
      form = "%." digits "f"
      printf form, (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
      if (n > 1 && spread == "yes") printf " (" form " to " form ")", v[1], v[n]
    }' "$work/figures"
}

# A row of a table in Markdown.
row() { local cells=$1; shift; local cell; for cell; do cells+=" | $cell"; done; echo "| $cells |"; }
header() { row "$@"; row "${@//*/---}"; }

# What the figures were measured on.
machine() {
  echo "$(date -u '+%Y-%m-%d %H:%M') UTC, commit $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD || echo ' with changes'); $(nproc) × $(lscpu | sed -n 's/^Model name: *//p'), $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r), load average $(load_average)."
  echo "Versions: .NET $(dotnet --list-runtimes | awk '/^Microsoft.AspNetCore.App 10/ { v = $2 } END { print v }'), YARP $(sed -n "s,.*<YarpVersion>\(.*\)</YarpVersion>.*,\1,p" "$root/eng/Yarp.props")$(versions_of_others)."
}
versions_of_others() {
  ! program nginx >/dev/null || printf ', nginx %s' "$("$(program nginx)" -v 2>&1 | sed 's,.*/,,')"
  ! program haproxy >/dev/null || printf ', haproxy %s' "$("$(program haproxy)" -v | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')"
  [ ! -d "$peers/portkey/node_modules" ] || printf ', Portkey gateway %s on Node %s' "$(sed -n 's/ *"version": "\(.*\)",/\1/p' "$peers/portkey/node_modules/@portkey-ai/gateway/package.json" | head -1)" "$(node --version)"
  ! command -v redis-server >/dev/null || printf ', Redis %s' "$(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')"
  local postgres; postgres=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -1) && [ -n "$postgres" ] && printf ', PostgreSQL %s' "$("$postgres" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/')" || true
}
