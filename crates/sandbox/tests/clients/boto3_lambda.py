"""Calls every operation of Lambda that the sandbox has."""

import json

ARN = "arn:aws:lambda:eu-west-1:222222222222:function:page"


def calls(run, full, empty, non_ascii):
    alarm = f"arn:aws:cloudwatch:eu-west-1:222222222222:alarm:{non_ascii}"
    asked = {
        "FunctionName": ARN,
        "Qualifier": "live",
        "StatementId": "alarms",
        "Action": "lambda:InvokeFunction",
        "Principal": "lambda.alarms.cloudwatch.amazonaws.com",
        "SourceArn": alarm,
        "SourceAccount": "222222222222",
        "PrincipalOrgID": "o-clients0001",
    }
    statement = json.loads(run.call("lambda.AddPermission", asked, full).get("Statement", "{}"))
    run.same("Resource", statement.get("Resource"), f"{ARN}:live")
    run.same("ArnLike", statement.get("Condition", {}).get("ArnLike"), {"AWS:SourceArn": alarm})
    run.refused("lambda.AddPermission", asked, full, "ResourceConflictException")
    missing = {**asked, "FunctionName": "missing"}
    run.refused("lambda.AddPermission", missing, full, "ResourceNotFoundException")
    run.refused("lambda.AddPermission", asked, empty, "AccessDeniedException")
    for more in ({"EventSourceToken": "token"}, {"FunctionUrlAuthType": "NONE"},
                 {"InvokedViaFunctionUrl": True}):
        run.not_implemented("lambda.AddPermission", {**asked, **more}, full)

    named = {"FunctionName": "222222222222:function:page", "Qualifier": "live"}
    answer = run.call("lambda.GetPolicy", named, full)
    run.same("Statement", json.loads(answer.get("Policy", "{}")).get("Statement"), [statement])
    smallest = {"FunctionName": "page", "StatementId": "a", "Action": "*", "Principal": "*"}
    run.call("lambda.AddPermission", smallest, full)
    run.call("lambda.GetPolicy", {"FunctionName": "page"}, full)

    revision = {"RevisionId": answer.get("RevisionId", "")}
    stale = {**asked, "StatementId": "b", "RevisionId": non_ascii}
    run.refused("lambda.AddPermission", stale, full, "PreconditionFailedException")
    run.call("lambda.AddPermission", {**stale, **revision}, full)
    remove = {**named, "StatementId": "b"}
    stale = {**remove, "RevisionId": non_ascii}
    run.refused("lambda.RemovePermission", stale, full, "PreconditionFailedException")
    run.call("lambda.RemovePermission", remove, full)
    run.refused("lambda.RemovePermission", remove, full, "ResourceNotFoundException")
    run.call("lambda.RemovePermission", {"FunctionName": "page", "StatementId": "a"}, full)
    run.refused("lambda.GetPolicy", {"FunctionName": "page"}, full, "ResourceNotFoundException")
    limits = run.call("lambda.GetAccountSettings", {}, full).get("AccountLimit", {})
    run.same("the quota", limits.get("ConcurrentExecutions"),
             limits.get("UnreservedConcurrentExecutions"))
