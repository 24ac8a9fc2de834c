# For the benchmarks that drive a gateway over HTTP, sourced after servers.sh: the mock upstream, one load generator, and what is put between them.
#   targets_open [CORE]      publishes the gateway, builds the tool, starts upstream and generator on core 1 (or CORE)
#   target_add NAME KIND [SETTING=VALUE…]    a gateway, yarp, nginx, haproxy, portkey or litellm; fails with a reason in ${absent[NAME]} when it does not answer
#   target_stop NAME         and target_launch NAME: the same again, with what it has stored
#   targets_close            ends all of it, also after an interruption (a trap does so)
# PUBLISH: the command that makes what is measured. NO_BUILD=1: it is there already. Ports are from $FIRST_PORT upwards.
PUBLISH=${PUBLISH:-dotnet publish Gateway.Host -c Release -v q --nologo -nodeReuse:false -o}
root=$PWD published=$PWD/bench/data/published peers=$PWD/bench/data/peers
tool="dotnet $root/bench/Gateway.Load/bin/Release/net10.0/Gateway.Load.dll"
admin=tw_api_benchmark_0123456789012345678901234567890 json='Content-Type: application/json'
declare -A kind=() port=() pid=() key=() options=() absent=() cores=()
pids=() work= generator=

targets_open() {
  local port
  # Another process on one of them would answer as well, and be what is measured.
  for port in $(seq "$first_port" $((first_port + 99))); do
    if (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "Port $port is taken: set FIRST_PORT to the first of a hundred that are free." >&2; exit 1; fi
  done
  if [ -z "${NO_BUILD:-}" ]; then
    dotnet build -c Release -v q --nologo -nodeReuse:false bench/Gateway.Load
    rm -rf "$published"
    $PUBLISH "$published"
  fi
  work=$(mktemp -d)
  # PostgreSQL runs as another user.
  chmod a+x "$work"
  trap targets_close EXIT
  trap 'exit 130' INT TERM
  upstream=http://127.0.0.1:$first_port next_port=$((first_port + 1)) load_core=${1:-1}
  export Gateway__AdminKey=$admin Logging__LogLevel__Default=Warning DOTNET_NOLOGO=1 NO_COLOR=1 \
    Channels__0__name=mock Channels__0__provider=mock Channels__0__baseUrl=$upstream/v1 Channels__0__routeType=ordinary Channels__0__allowPrivateAddress=true \
    Channels__0__maxConcurrency=100000 Channels__0__models__0__model=echo Channels__0__models__1__model=slow Channels__0__models__2__model=limited
  local i=0 model
  for model in echo slow limited; do
    export "Models__${i}__provider=mock" "Models__${i}__model=$model" "Models__${i}__kind=chat" "Models__${i}__contextWindow=100000000" "Models__${i}__maxOutputTokens=4096" \
      "Models__${i}__prices__0__routeType=ordinary" "Models__${i}__prices__0__inputPricePer1M=1.4" "Models__${i}__prices__0__outputPricePer1M=2.8"
    i=$((i + 1))
  done
  taskset -c "$load_core" $tool upstream "$upstream" >"$work/upstream.log" 2>&1 & upstream_pid=$!; pids+=($!)
  # Named pipes: the generator lives as long as the comparison, and its answers are read with a bound.
  mkfifo "$work/ask" "$work/answer"
  taskset -c "$load_core" $tool commands <"$work/ask" >"$work/answer" 2>"$work/generator.log" & generator=$!; pids+=($!)
  exec 8>"$work/ask" 9<"$work/answer"
  until_answered "$upstream/v1/chat/completions" none || { cat "$work/upstream.log" >&2; exit 1; }
}

targets_close() {
  trap - EXIT INT TERM
  exec 8>&- 9<&- || true
  kill "${pids[@]}" "${pid[@]}" 2>/dev/null || true
  servers_stop
  for _ in $(seq 50); do kill -0 "${pids[@]}" "${pid[@]}" 2>/dev/null || break; sleep 0.1; done
  kill -9 "${pids[@]}" "${pid[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  [ -z "$work" ] || rm -rf "$work"
}

# One command of the generator; its answer is in $reply. Fails when it is an error.
ask() {
  echo "$*" >&8
  IFS= read -r -t 600 reply <&9 || reply='error the generator does not answer'
  [[ $reply != error* ]] && return
  echo "$* -> $reply" >&2
  return 1
}

# Milliseconds from now, or from a moment in Unix nanoseconds, until a call is answered with 200.
until_answered() { ask first "$1" "$2" "${3:-$(date +%s%N)}" "${@:4}"; }

target_add() {
  local name=$1
  kind[$name]=$2 port[$name]=$next_port key[$name]=none options[$name]='' cores[$name]=${pinned:-0}
  next_port=$((next_port + 1))
  printf '%s\n' "${@:3}" >"$work/$name.settings"
  mkdir -p "$work/$name"
  if ! "${kind[$name]}_ready" "$name"; then return 1; fi
  target_launch "$name"
  [ "${kind[$name]}" != gateway ] || gateway_fund "$name"
  until_answered "$(url "$name")" "${key[$name]}" "$(date +%s%N)" ${options[$name]} && return
  absent[$name]="does not answer: $(last_words "$name")"
  target_stop "$name"
  return 1
}

target_launch() {
  (cd "$work/$1" && "${kind[$1]}_run" "$1" >>log 2>&1) & pid[$1]=$!
}

target_stop() {
  [ -n "${pid[$1]:-}" ] || return 0
  kill "${pid[$1]}" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "${pid[$1]}" 2>/dev/null || break; sleep 0.1; done
  kill -9 "${pid[$1]}" 2>/dev/null || true
  wait "${pid[$1]}" 2>/dev/null || true
  unset "pid[$1]"
}

# What a target wrote last that looks like an error, or else wrote last.
last_words() { { grep -i 'error' "$work/$1/log" || cat "$work/$1/log"; } | tail -n 1 | tr -dc ' -~' | tail -c 200; }
url() { echo "http://127.0.0.1:${port[$1]}/v1/chat/completions"; }
address() { echo "127.0.0.1:${port[$1]}"; }
api() { curl -sf "http://$(address "$1")/api/$2" -H "Authorization: Bearer $admin" -H "$json" -d "$3"; } # NAME RESOURCE BODY
pinned_to() { exec taskset -c "${cores[$1]}" "${@:2}"; }
settings() { grep . "$work/$1.settings" || true; }

# A kind of target is KIND_ready (whether it can be had; else why not) and KIND_run (becomes its process, in its folder).
gateway_ready() { :; }
gateway_run() {
  local given; mapfile -t given < <(settings "$1")
  pinned_to "$1" env ASPNETCORE_URLS="http://$(address "$1")" Gateway__Durability=process "${given[@]}" dotnet "$published/Gateway.Host.dll"
}
gateway_fund() {
  local made
  for _ in $(seq 600); do curl -so /dev/null "http://$(address "$1")/health/live" && break; sleep 0.1; done
  made=$(api "$1" keys '{"name":"bench","kind":"inference","rateLimit":{"burst":1000000,"refillPerSecond":1000000}}' | sed 's/.*"key":"\([^"]*\)".*/\1/') || return 0
  key[$1]=$made
  api "$1" top-ups '{"bucket":"wallet","amount":1000000}' >/dev/null || true
}

yarp_ready() { :; }
yarp_run() { pinned_to "$1" $tool yarp "http://$(address "$1")" "$upstream"; }

nginx_ready() { program_ready "$1" nginx; }
nginx_run() {
  cat >nginx.conf <<CONF
daemon off;
worker_processes 1;
pid $work/$1/pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path $work/$1; proxy_temp_path $work/$1; fastcgi_temp_path $work/$1; uwsgi_temp_path $work/$1; scgi_temp_path $work/$1;
  keepalive_requests 1000000000;
  upstream mock { server ${upstream#http://}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen $(address "$1");
    client_max_body_size 0;
    location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_request_buffering off; }
  }
}
CONF
  pinned_to "$1" "$(program nginx)" -p "$work/$1" -c "$work/$1/nginx.conf"
}

haproxy_ready() { program_ready "$1" haproxy; }
haproxy_run() {
  cat >haproxy.cfg <<CONF
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
listen mock
  bind $(address "$1")
  server mock ${upstream#http://}
CONF
  pinned_to "$1" "$(program haproxy)" -db -f haproxy.cfg
}

portkey_ready() {
  local package='@portkey-ai/gateway@1.15.2'
  options[$1]="x-portkey-provider:openai x-portkey-custom-host:$upstream/v1"
  [ -d "$peers/portkey/node_modules/@portkey-ai/gateway" ] && return
  command -v npm >/dev/null || { absent[$1]='not installed: no npm here'; return 1; }
  mkdir -p "$peers/portkey"
  (cd "$peers/portkey" && timeout 120 npm install --no-audit --no-fund "$package" >install.log 2>&1) && return
  absent[$1]="not installed: npm install $package: $(tail -n 1 "$peers/portkey/install.log")"
  return 1
}
portkey_run() {
  pinned_to "$1" env NODE_ENV=production TRUSTED_CUSTOM_HOSTS=127.0.0.1 node "$peers/portkey/node_modules/@portkey-ai/gateway/build/start-server.js" --port="${port[$1]}" --headless
}

litellm_ready() {
  [ -x "$peers/litellm/bin/litellm" ] && return
  command -v python3 >/dev/null || { absent[$1]='not installed: no python3 here'; return 1; }
  mkdir -p "$peers"
  python3 -m venv "$peers/litellm" >/dev/null 2>&1 && timeout 240 "$peers/litellm/bin/pip" install -q --retries 0 'litellm[proxy]' >"$peers/litellm/install.log" 2>&1 && return
  absent[$1]="not installed: pip install litellm[proxy]: $(grep '^ERROR' "$peers/litellm/install.log" 2>/dev/null | tail -n 1 || true)"
  rm -rf "$peers/litellm"
  return 1
}
litellm_run() {
  cat >config.yaml <<CONF
model_list: [{ model_name: echo, litellm_params: { model: openai/echo, api_base: $upstream/v1, api_key: none } }]
CONF
  pinned_to "$1" "$peers/litellm/bin/litellm" --config config.yaml --host 127.0.0.1 --port "${port[$1]}" --num_workers 1
}

program() { command -v "$1" || ls "/usr/sbin/$1" 2>/dev/null; }
program_ready() { program "$2" >/dev/null || { absent[$1]="not installed: apt-get install --no-install-recommends $2"; return 1; }; }
