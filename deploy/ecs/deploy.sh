#!/usr/bin/env bash
# One release into a stack that stands: the database first, by the new image, then one process after the other.
# usage: deploy.sh STACK IMAGE
# The release before goes on meanwhile, for neighbours work side by side, and comes back if the new one never is ready.
set -euo pipefail
stack=$1 image=$2
here=$(dirname "$0")

IMAGE=$image "$here/manage.sh" "$stack" migrate
aws cloudformation deploy --stack-name "$stack" --template-file "$here/collabdocs.yaml" \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides "Image=$image"
