# For the benchmarks, sourced: a Redis that writes each command to the disk and a PostgreSQL with fsync, as docs recommend them, in a folder of their own.
#   servers_start FOLDER REDIS_PORT POSTGRES_PORT [CORES]   sets $redis and $postgres, their connection strings
#   servers_stop                                            ends them; the folder is the caller's to delete
servers_start() {
  servers_folder=$1
  local cores=${4:-0-$(($(nproc) - 1))}
  servers_bin=$(dirname "$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb | sort -V | tail -1)")
  servers_as=()
  mkdir -p "$servers_folder/redis" "$servers_folder/postgres"
  if [ "$(id -u)" = 0 ]; then
    # PostgreSQL does not run as root.
    servers_as=(runuser -u postgres --)
    chmod a+x "$servers_folder"
    chown postgres "$servers_folder/postgres"
  fi
  taskset -c "$cores" redis-server --port "$2" --bind 127.0.0.1 --dir "$servers_folder/redis" --save '' --appendonly yes --appendfsync always \
    --maxmemory-policy noeviction >"$servers_folder/redis/log" 2>&1 & servers_redis=$!
  (cd "$servers_folder/postgres" && "${servers_as[@]}" "$servers_bin/initdb" -D data -U bench -A trust -E UTF8 --locale=C >log.initdb 2>&1 &&
    taskset -c "$cores" "${servers_as[@]}" "$servers_bin/pg_ctl" -D data -w -l log \
      -o "-p $3 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c track_commit_timestamp=on -c shared_buffers=256MB -c max_wal_size=4GB" start >/dev/null 2>&1)
  redis=127.0.0.1:$2
  postgres="Host=127.0.0.1;Port=$3;Username=bench;Database=postgres"
  for _ in $(seq 100); do [ "$(redis-cli -p "$2" ping 2>/dev/null)" = PONG ] && return; sleep 0.1; done
  echo 'redis-server does not answer.' >&2
  return 1
}

servers_stop() {
  [ -n "${servers_folder:-}" ] || return 0
  kill "$servers_redis" 2>/dev/null && wait "$servers_redis" 2>/dev/null || true
  (cd "$servers_folder/postgres" && "${servers_as[@]}" "$servers_bin/pg_ctl" -D data -m immediate stop >/dev/null 2>&1) || true
}

# The load average of a minute: whether a figure was measured alone.
load_average() { cut -d ' ' -f 1 /proc/loadavg; }
