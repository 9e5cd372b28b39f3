#!/usr/bin/env bash
# What `rootguard deploy` would do, as commands of the AWS CLI, version 2. Run it as the role
# that deploys, in the management account; a step that was done already changes nothing. It may
# take a day and more: its own credentials must be ones that the AWS CLI can renew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export AWS_REGION=@REGION@ AWS_DEFAULT_REGION=@REGION@
# The role of the other central accounts.
role=@ROLE@
own=$(aws sts get-caller-identity --query Account --output text)

# open_session ACCOUNT ROLE: opens a session as a role of an account.
open_session() {
    local answer
    answer=$(aws sts assume-role --role-arn "arn:@PARTITION@:iam::$1:role/$2" \
        --role-session-name rootguard-deploy --output text \
        --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
    read -r id secret token <<<"$answer"
    session=$1/$2 opened=$SECONDS
}
session=none opened=0

# in_account ACCOUNT ROLE COMMAND...: runs a command as a role of an account; where nothing
# has to be assumed, as who runs this.
in_account() {
    local account=$1 as=$2
    shift 2
    if [[ $account == "$own" && $as == "$role" ]]; then
        "$@"
        return
    fi
    # A session that a role opened lasts an hour, whatever the role allows.
    if [[ $session != "$account/$as" ]] || ((SECONDS - opened > 3000)); then
        open_session "$account" "$as"
    fi
    env -u AWS_PROFILE AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$secret" \
        AWS_SESSION_TOKEN="$token" "$@"
}

# put ACCOUNT REGION BUCKET KEY FILE: uploads a file, unless it is there; prints its version.
put() {
    local there=(--region "$2" --bucket "$3" --key "$4" --query VersionId --output text)
    in_account "$1" rootguard/rootguard-write-artifacts aws s3api head-object "${there[@]}" 2>/dev/null ||
        in_account "$1" rootguard/rootguard-write-artifacts aws s3api put-object "${there[@]}" --body "$5"
}

# remember NAME COMMAND...: what @NAME@ stands for in the files of parameters is what the
# command prints.
remember() {
    local name=$1 value
    shift
    value=$("$@")
    echo "s|@$name@|$value|g" >>values.sed
}
: >values.sed

# output_of ACCOUNT REGION STACK OUTPUT: what a stack says.
output_of() {
    in_account "$1" "$role" aws cloudformation describe-stacks --region "$2" --stack-name "$3" \
        --query "Stacks[0].Outputs[?OutputKey=='$4'].OutputValue" --output text
}

# status ACCOUNT REGION STACK: the status of a stack.
status() {
    in_account "$1" "$role" aws cloudformation describe-stacks --region "$2" --stack-name "$3" \
        --query 'Stacks[0].StackStatus' --output text
}

# deploy ACCOUNT REGION STACK TEMPLATE PARAMETERS: `aws cloudformation deploy` gives up after an
# hour and stack sets of many accounts take longer, so the stack is followed to its end.
deploy() {
    echo "$3 in $1 $2" >&2
    sed -f values.sed "$5" >parameters.json
    if in_account "$1" "$role" aws cloudformation deploy --region "$2" --stack-name "$3" \
        --template-file "templates/$4.yaml" --parameter-overrides file://parameters.json \
        --capabilities CAPABILITY_NAMED_IAM --tags "rootguard=$4" --no-fail-on-empty-changeset; then
        return
    fi
    local now
    now=$(status "$1" "$2" "$3")
    [[ $now == *_IN_PROGRESS ]] || return 1
    while [[ $now == *_IN_PROGRESS ]]; do
        sleep 30
        now=$(status "$1" "$2" "$3")
    done
    echo "$3 in $1 $2: $now" >&2
    [[ $now == CREATE_COMPLETE || $now == UPDATE_COMPLETE ]]
}
