"""Calls what tries policies, patterns and templates without making anything."""

import json

TEMPLATE = """
Description: Rolle ✓
Parameters: {Name: {Type: String, Default: ü, Description: Name der Rolle}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref Name
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}
"""
EVENT = {
    "id": "1",
    "account": "222222222222",
    "source": "aws.signin",
    "time": "2026-11-30T12:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "Schlüssel ✓ 鍵",
    "detail": {},
}


def policy(action, **more):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def simulations(run, caller):
    operation = "iam.SimulateCustomPolicy"
    condition = {"StringEquals": {"aws:PrincipalTag/team": "Prüfung"}}
    asked = {
        "PolicyInputList": [policy("s3:Get*", Condition=condition)],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/Größe"],
    }
    entry = {
        "ContextKeyName": "aws:PrincipalTag/team",
        "ContextKeyValues": ["Prüfung"],
        "ContextKeyType": "string",
    }
    for entries, expected in (
        ([entry], ["allowed", "implicitDeny"]),
        ([], ["implicitDeny", "implicitDeny"]),
    ):
        answer = run.call(operation, {**asked, "ContextEntries": entries}, caller)
        decisions = [one["EvalDecision"] for one in answer.get("EvaluationResults", ())]
        run.same("EvalDecision", decisions, expected)
    bad = {**asked, "PolicyInputList": ["{"]}
    run.refused(operation, bad, caller, "InvalidInput")
    run.the_rest(operation, asked, caller)


def calls(run, full, empty, non_ascii):
    simulations(run, full)

    operation = "events.TestEventPattern"
    for pattern, expected in (({"source": ["aws.signin"]}, True), ({"source": [non_ascii]}, False)):
        asked = {"EventPattern": json.dumps(pattern), "Event": json.dumps(EVENT)}
        run.same("Result", run.call(operation, asked, full).get("Result"), expected)
    bad = {**asked, "EventPattern": "{"}
    run.refused(operation, bad, full, "InvalidEventPatternException")
    run.refused(operation, {**asked, "Event": "{}"}, full, "ValidationException")

    operation = "accessanalyzer.ValidatePolicy"
    for document, types in ((policy("s3:GetObject"), []), (policy(non_ascii), ["ERROR"])):
        asked = {"policyDocument": document, "policyType": "IDENTITY_POLICY"}
        found = run.call(operation, asked, full).get("findings", ())
        run.same("findings", [one["findingType"] for one in found], types)
    run.the_rest(operation, asked, full)

    operation = "cloudformation.ValidateTemplate"
    answer = run.call(operation, {"TemplateBody": TEMPLATE}, empty)
    run.same("Capabilities", answer.get("Capabilities"), ["CAPABILITY_NAMED_IAM"])
    keys = [(one["ParameterKey"], one["DefaultValue"]) for one in answer.get("Parameters", ())]
    run.same("Parameters", keys, [("Name", "ü")])
    run.refused(operation, {"TemplateBody": "["}, empty, "ValidationError")
    elsewhere = {"TemplateURL": "https://nobodys.s3.eu-west-1.amazonaws.com/a.yaml"}
    run.refused(operation, elsewhere, empty, "ValidationError")
