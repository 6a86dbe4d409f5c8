#!/usr/bin/env bash
# Is an image well? It is migrated and started as its first lines say, must become healthy by its own check and ready,
# and must end by itself when told to.
# usage: probe.sh IMAGE
set -euo pipefail
image=$1 name=collabdocs-probe-$$
trap 'docker logs "$name" 2>&1 | tail -50; docker rm --force "$name" >/dev/null; docker volume rm "$name" >/dev/null' EXIT

docker volume create "$name" >/dev/null
docker run --rm --volume "$name:/data" "$image" python manage.py migrate --verbosity 0
docker run --detach --name "$name" --volume "$name:/data" --read-only --tmpfs /tmp --cap-drop ALL "$image" >/dev/null
for _ in $(seq 60); do
    state=$(docker inspect --format '{{.State.Health.Status}}' "$name")
    [ "$state" = starting ] || break
    sleep 1
done
[ "$state" = healthy ] || { echo "It is $state"; exit 1; }
docker exec "$name" python -c "
import os, urllib.request
print(urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=5).read().decode())"
docker stop --time 30 "$name" >/dev/null
[ "$(docker inspect --format '{{.State.ExitCode}}' "$name")" = 0 ] || { echo "It did not end by itself"; exit 1; }
