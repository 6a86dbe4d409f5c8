#!/usr/bin/env bash
# Installs what the tests need beside Python and Node: as root on Debian by apt, elsewhere it says what is missing.
# usage: packages.sh [COMMAND …], commands that are wanted besides, each of the package of its name
# With CI set, something missing is a failure; without, the tests that need it say that they were left out.
set -euo pipefail

PATH=$PATH:/usr/sbin # where Debian keeps servers, and not everybody looks
declare -A package_of=([chromium]=chromium [curl]=curl [envsubst]=gettext-base [javac]=default-jdk-headless [jq]=jq [mvn]=maven [nginx]=nginx-light [patch]=patch [prometheus]=prometheus [redis-server]=redis-server [rabbitmq-server]=rabbitmq-server [sqlite3]=sqlite3)
for also in "$@"; do package_of[$also]=$also; done
missing=()
for command in "${!package_of[@]}"; do
    command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    if [ ! -e /usr/sbin/policy-rc.d ]; then # the services that these packages bring stay down: tests start their own
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-noto-color-emoji >/dev/null
    exit 0
fi
echo "MISSING: ${missing[*]} — tests that need them are LEFT OUT. Install them to run everything." >&2
[ -z "${CI:-}" ]
