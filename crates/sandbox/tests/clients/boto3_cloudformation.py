"""Calls every operation of CloudFormation that the sandbox has."""

import time

URL = "https://vorlagen.s3.eu-west-1.amazonaws.com/queue.yaml"
UNIT = "ou-root-workloads"
QUEUE = """
Description: Warteschlange ✓ 鍵
Parameters:
  Visible:
    Description: Sekunden
    Type: Number
    Default: 30
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: auftraege
      VisibilityTimeout: !Ref Visible
Outputs:
  Arn:
    Value: !GetAtt Queue.Arn
"""
SET = f"""
Resources:
  Set:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: satz
      Description: Satz ✓
      TemplateURL: {URL}
      PermissionModel: SERVICE_MANAGED
      AutoDeployment: {{Enabled: true, RetainStacksOnAccountRemoval: false}}
      ManagedExecution: {{Active: true}}
      OperationPreferences: {{FailureTolerancePercentage: 10}}
      StackInstancesGroup:
        - Regions: [eu-west-1]
          DeploymentTargets:
            OrganizationalUnitIds: [{UNIT}]
            AccountFilterType: NONE
"""


def settled(run, stack, caller):
    """The stack, once nothing is done to it any more."""
    while True:
        found = run.call("cloudformation.DescribeStacks", {"StackName": stack}, caller)
        found = (found.get("Stacks") or [{}])[0]
        if not found.get("StackStatus", "").endswith("IN_PROGRESS"):
            return found
        time.sleep(0.02)


def deployed(run, stack, asked, caller):
    named = {"StackName": stack, "ChangeSetName": f"s{run.sent}"}
    run.call("cloudformation.CreateChangeSet", {**named, **asked}, caller)
    run.call("cloudformation.ExecuteChangeSet", named, caller)
    return settled(run, stack, caller)


def stacks(run, full, empty, non_ascii):
    create, describe = "cloudformation.CreateChangeSet", "cloudformation.DescribeChangeSet"
    named = {"StackName": "stapel", "ChangeSetName": "erster"}
    asked = {
        **named,
        "TemplateBody": QUEUE,
        "ChangeSetType": "CREATE",
        "Parameters": [{"ParameterKey": "Visible", "ParameterValue": "60"}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "Größe", "Value": non_ascii}],
        "ClientToken": "token",
        "Description": non_ascii,
        "IncludeNestedStacks": False,
    }
    made = run.call(create, asked, full)
    run.refused(create, asked, full, "AlreadyExistsException")
    found = run.call(describe, named, full)
    run.same("Description", found.get("Description"), non_ascii)
    run.same("Status", found.get("Status"), "CREATE_COMPLETE")
    run.call(describe, {"ChangeSetName": made.get("Id", "")}, full)
    run.refused(describe, {**named, "ChangeSetName": "keiner"}, full, "ChangeSetNotFound")
    run.refused(describe, {**named, "NextToken": "keine Seite"}, full, "ValidationError")
    run.refused(create, {**asked, "TemplateBody": "x: ["}, full, "ValidationError")
    for source in ({"TemplateURL": "https://s3.eu-west-1.amazonaws.com/keiner/x"},
                   {"UsePreviousTemplate": True}):
        other = {key: value for key, value in asked.items() if key != "TemplateBody"}
        run.refused(create, {**other, "StackName": "anderer", **source}, full, "ValidationError")
    execute = {**named, "ClientRequestToken": "token"}
    run.call("cloudformation.ExecuteChangeSet", execute, full)
    stack = settled(run, "stapel", full)
    run.same("StackStatus", stack.get("StackStatus"), "CREATE_COMPLETE")
    run.same("Description", stack.get("Description"), "Warteschlange ✓ 鍵")
    arn = "arn:aws:sqs:eu-west-1:222222222222:auftraege"
    run.same("Outputs", stack.get("Outputs"), [{"OutputKey": "Arn", "OutputValue": arn}])
    run.refused("cloudformation.ExecuteChangeSet", named, full, "InvalidChangeSetStatus")
    again = {"UsePreviousTemplate": True, "Tags": asked["Tags"],
             "Parameters": [{"ParameterKey": "Visible", "UsePreviousValue": True}]}
    same = {**named, "ChangeSetName": "zweiter"}
    run.call(create, {**same, **again}, full)
    run.same("Status", run.call(describe, same, full).get("Status"), "FAILED")
    for _ in range(2):
        run.call("cloudformation.DeleteChangeSet", same, full)
    changed = {**again, "Parameters": [{"ParameterKey": "Visible", "ParameterValue": "90",
                                        "ResolvedValue": "90"}]}
    changed_set = {**named, "ChangeSetName": "dritter"}
    run.call(create, {**changed_set, **changed}, full)
    changes = run.call(describe, changed_set, full).get("Changes", [{}])
    run.same("Action", changes[0].get("ResourceChange", {}).get("Action"), "Modify")
    run.call("cloudformation.ExecuteChangeSet", changed_set, full)
    run.same("StackStatus", settled(run, "stapel", full).get("StackStatus"), "UPDATE_COMPLETE")
    rest = {**named, "TemplateBody": QUEUE, "ChangeSetName": "rest"}
    run.the_rest(create, rest, full)
    run.the_rest(describe, named, full)
    run.the_rest("cloudformation.ExecuteChangeSet", named, full)

    events = run.call("cloudformation.DescribeStackEvents", {"StackName": "stapel"}, full)
    run.same("the last event", events.get("StackEvents", [{}])[0].get("ResourceStatus"), "UPDATE_COMPLETE")
    template = {"StackName": "stapel", "TemplateStage": "Original"}
    found = run.call("cloudformation.GetTemplate", template, full)
    run.same("TemplateBody", found.get("TemplateBody", "").strip(), QUEUE.strip())
    of_set = {**template, "ChangeSetName": "erster"}
    run.not_implemented("cloudformation.GetTemplate", of_set, full)
    wanted = {"StackStatusFilter": ["UPDATE_COMPLETE"]}
    for caller, count in ((full, 1), (empty, 0)):
        found = run.call("cloudformation.ListStacks", wanted, caller).get("StackSummaries")
        run.same("StackSummaries", len(found), count)
    run.call("cloudformation.DescribeStacks", {}, empty)
    bad = {"NextToken": "keine Seite"}
    for operation in ("DescribeStacks", "ListStacks"):
        run.refused(f"cloudformation.{operation}", bad, full, "ValidationError")
    bad["StackName"] = "stapel"
    run.refused("cloudformation.DescribeStackEvents", bad, full, "ValidationError")
    run.refused("cloudformation.DescribeStacks", {"StackName": "keiner"}, full, "ValidationError")
    delete = {"StackName": "stapel", "ClientRequestToken": "token"}
    run.note("cloudformation.DeleteStack", delete)
    run.the_rest("cloudformation.DeleteStack", delete, full)
    run.call("cloudformation.DeleteStack", delete, full)
    run.same("StackStatus", settled(run, stack.get("StackId"), full).get("StackStatus"), "DELETE_COMPLETE")


def ended(run, operation, caller):
    """An operation on the stack set, once it is over."""
    asked = {"StackSetName": "satz", "OperationId": operation, "CallAs": "SELF"}
    while True:
        found = run.call("cloudformation.DescribeStackSetOperation", asked, caller)
        found = found.get("StackSetOperation", {"Status": "none"})
        if found["Status"] not in ("RUNNING", "QUEUED", "STOPPING"):
            return found
        time.sleep(0.02)


def stack_sets(run, management, member, non_ascii):
    describe = "cloudformation.DescribeOrganizationsAccess"
    run.same("Status", run.call(describe, {"CallAs": "SELF"}, management).get("Status"), "DISABLED")
    activate = "cloudformation.ActivateOrganizationsAccess"
    run.refused(activate, {}, member, "InvalidOperationException")
    run.call(activate, {}, management)
    run.same("Status", run.call(describe, {}, management).get("Status"), "ENABLED")
    run.call("s3.PutObject", {"Bucket": "vorlagen", "Key": "queue.yaml",
                              "Body": QUEUE.encode()}, management)
    asked = {"TemplateBody": SET, "ChangeSetType": "CREATE"}
    stack = deployed(run, "saetze", asked, management)
    run.same("StackStatus", stack.get("StackStatus"), "CREATE_COMPLETE")

    named = {"StackSetName": "satz", "CallAs": "SELF"}
    page = {"MaxResults": 1}
    sets = "cloudformation.ListStackSets"
    asked = {"Status": "ACTIVE", "CallAs": "SELF", **page}
    run.same("StackSets", len(run.call(sets, asked, management).get("Summaries", ())), 1)
    found = run.call("cloudformation.DescribeStackSet", named, management).get("StackSet", {})
    run.same("Description", found.get("Description"), "Satz ✓")
    missing = {"StackSetName": "keiner"}
    run.refused("cloudformation.DescribeStackSet", missing, management, "StackSetNotFoundException")
    run.refused("cloudformation.DescribeStackSet", named, member, "ValidationError")
    run.refused(sets, {"NextToken": "keine Seite"}, management, "ValidationError")

    operations = "cloudformation.ListStackSetOperations"
    found = run.call(operations, {**named, **page}, management).get("Summaries", [{}])
    run.same("Action", found[0].get("Action"), "CREATE")
    run.refused(operations, {**named, "NextToken": "keine Seite"}, management, "ValidationError")

    instances = "cloudformation.ListStackInstances"
    of_account = {"StackInstanceAccount": "222222222222", "StackInstanceRegion": "eu-west-1"}
    filters = [{"Name": "DETAILED_STATUS", "Values": "SUCCEEDED"}]
    asked = {**named, **page, **of_account, "Filters": filters}
    found = run.call(instances, asked, management).get("Summaries", ())
    run.same("Status", [one.get("Status") for one in found], ["CURRENT"])
    run.refused(instances, {**named, "NextToken": "keine Seite"}, management, "ValidationError")

    targets = {"OrganizationalUnitIds": [UNIT], "Accounts": ["222222222222"],
               "AccountFilterType": "INTERSECTION"}
    preferences = {"RegionConcurrencyType": "SEQUENTIAL", "RegionOrder": ["eu-west-1"],
                   "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE"}
    counts = {"FailureToleranceCount": 0, "MaxConcurrentCount": 1}
    percentages = {"FailureTolerancePercentage": 0, "MaxConcurrentPercentage": 100}
    overrides = [{"ParameterKey": "Visible", "ParameterValue": "60"}]
    many = {**named, "DeploymentTargets": targets, "Regions": ["eu-west-1"]}
    for verb, more in (("Update", {"ParameterOverrides": overrides}), ("Create", {"ParameterOverrides": overrides}),
                       ("Delete", {"RetainStacks": False}), ("Create", {})):
        operation = f"cloudformation.{verb}StackInstances"
        for share in (counts, percentages):
            asked = {**many, **more, "OperationPreferences": {**preferences, **share},
                     "OperationId": f"lauf-{run.sent}"}
            begun = run.call(operation, asked, management).get("OperationId", "")
            run.same("Status", ended(run, begun, management)["Status"], "SUCCEEDED")
            run.refused(operation, asked, management, "OperationIdAlreadyExistsException")
        run.refused(operation, {**many, **more, "Accounts": ["222222222222"]}, management, "ValidationError")
        by_file = {**targets, "AccountsUrl": "s3://liste/konten.csv"}
        run.not_implemented(operation, {**many, **more, "DeploymentTargets": by_file}, management)
        run.inputs[operation] |= {f".ParameterOverrides[].{name}" for name in
                                  ("UsePreviousValue", "ResolvedValue")}
    results = "cloudformation.ListStackSetOperationResults"
    asked = {**named, **page, "OperationId": begun,
             "Filters": [{"Name": "OPERATION_RESULT_STATUS", "Values": "SUCCEEDED"}]}
    found = run.call(results, asked, management).get("Summaries", ())
    run.same("Account", [one.get("Account") for one in found], ["222222222222"])
    bad = {**named, "OperationId": begun, "NextToken": "keine Seite"}
    run.refused(results, bad, management, "ValidationError")
    run.refused(results, {**named, "OperationId": "keiner"}, management, "OperationNotFoundException")
    one = {**named, **of_account}
    run.call("cloudformation.DescribeStackInstance", one, management)
    one["StackInstanceRegion"] = "us-east-1"
    run.refused("cloudformation.DescribeStackInstance", one, management, "StackInstanceNotFoundException")
    stop = "cloudformation.StopStackSetOperation"
    # There is nothing to stop any more, unless one is quick.
    run.refused(stop, {**named, "OperationId": begun}, management, "InvalidOperationException")
    run.exercised[stop] = 1
    run.call("cloudformation.DeleteStack", {"StackName": "saetze"}, management)
    settled(run, stack.get("StackId"), management)


def calls(run, management, full, empty, non_ascii):
    stacks(run, full, empty, non_ascii)
    stack_sets(run, management, full, non_ascii)
