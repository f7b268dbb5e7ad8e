#!/bin/sh
# plans/node-down.yaml as it is usually written by hand: docker, curl, grep and a sleep between two looks.
set -eu
project=$1
cd "$2"
compose() { docker compose --project-name "$project" "$@" >/dev/null 2>&1; }
trap 'compose down --volumes' EXIT
compose build
compose up --detach
id() { docker compose --project-name "$project" ps --quiet "$1"; }
until_healthy() {
  n=0
  while [ "$(docker inspect --format '{{.State.Health.Status}}' "$(id "$1")")" != healthy ]; do
    n=$((n + 1)); [ $n -lt 60 ] || exit 1
    sleep 1
  done
}
until_state() {
  n=0
  while ! curl -fsS --max-time 5 "http://$address/api/state" | grep -q "$1"; do
    n=$((n + 1)); [ $n -lt 60 ] || exit 1
    sleep 1
  done
}
for service in node gateway worker; do until_healthy $service; done
address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(id gateway)")
until_state '"node":"up"'
until_state '"admitted":[1-9]'
node=$(id node)
docker stop "$node" >/dev/null
until_state '"node":"down"'
until_state '"admitted":0'
docker start "$node" >/dev/null
until_state '"node":"up"'
until_state '"admitted":[1-9]'
