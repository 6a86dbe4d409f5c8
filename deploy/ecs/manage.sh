#!/usr/bin/env bash
# Runs `manage.py COMMAND …` beside the processes of a stack, in a task of its own, and ends as it ended.
# usage: manage.sh STACK COMMAND [ARGUMENT …]; with IMAGE set, by that image instead of the one in service
# Needs the AWS CLI, logged in, and jq. What the command said stands in the stack's logs.
set -euo pipefail
stack=$1
shift

output() { # its value
    aws cloudformation describe-stacks --stack-name "$stack" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

with_image() { # the definition of a task like that one, but for its image
    aws ecs register-task-definition --query taskDefinition.taskDefinitionArn --output text --cli-input-json "$(
        aws ecs describe-task-definition --task-definition "$1" --query taskDefinition --output json |
            jq -c --arg image "$IMAGE" '.containerDefinitions[0].image = $image | {family, networkMode, cpu, memory,
                runtimePlatform, requiresCompatibilities, executionRoleArn, containerDefinitions}'
    )"
}

cluster=$(output Cluster)
definition=$(output Task)
[ -z "${IMAGE:-}" ] || definition=$(with_image "$definition")
command=$(jq -cn '{containerOverrides: [{name: "collabdocs", command: (["python", "manage.py"] + $ARGS.positional)}]}' \
    --args -- "$@")
task=$(aws ecs run-task --cluster "$cluster" --task-definition "$definition" --launch-type FARGATE \
    --network-configuration "$(output Network)" --overrides "$command" --query 'tasks[0].taskArn' --output text)
aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
    --query 'tasks[0].containers[0].exitCode' --output text)
echo "manage.py $* ended with $code, as ${task##*/}"
[ "$code" = 0 ]
