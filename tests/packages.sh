#!/usr/bin/env bash
# Installs what the tests need beside Python and Node: as root on Debian by apt, elsewhere it says what is missing.
# With CI set, something missing is a failure; without, the tests that need it say that they were left out.
set -euo pipefail

declare -A package_of=([chromium]=chromium [jq]=jq [redis-server]=redis-server)
missing=()
for command in "${!package_of[@]}"; do
    command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-noto-color-emoji >/dev/null
    exit 0
fi
echo "MISSING: ${missing[*]} — tests that need them are LEFT OUT. Install them to run everything." >&2
[ -z "${CI:-}" ]
