#!/usr/bin/env bash
# One release to Cloud Run: the database first, by the new image, then the service.
# usage: IMAGE=… HOST_NAME=… CONNECTOR=… SERVICE_ACCOUNT=… FROM_EMAIL=… deploy.sh
# Needs gcloud, logged in, with a project and run/region set, and envsubst.
set -euo pipefail
: "${IMAGE:?}" "${HOST_NAME:?}" "${CONNECTOR:?}" "${SERVICE_ACCOUNT:?}" "${FROM_EMAIL:?}"
here=$(dirname "$0")
filled=$(mktemp -d)
trap 'rm -r "$filled"' EXIT

for name in job service; do
    # shellcheck disable=SC2016  # the blanks that envsubst fills, and no others
    envsubst '$IMAGE $HOST_NAME $CONNECTOR $SERVICE_ACCOUNT $FROM_EMAIL' <"$here/$name.yaml" >"$filled/$name.yaml"
done
gcloud run jobs replace "$filled/job.yaml"
gcloud run jobs execute collabdocs-manage --wait
gcloud run services replace "$filled/service.yaml"
