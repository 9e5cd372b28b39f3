"""Calls of CloudWatch Logs, with every member set."""

import time

NON_ASCII = "Schlüssel – Prüfung ✓ 鍵 \U0001f511 <&>\"'"
KEY = "arn:aws:kms:eu-west-1:222222222222:key/1"


def log_groups(run, caller, nobody):
    full = {
        "logGroupName": "/audit/trails#1",
        "kmsKeyId": KEY,
        "tags": {"Größe": "鍵", "leer": ""},
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }
    run.call("logs.CreateLogGroup", full, caller)
    run.refused("logs.CreateLogGroup", full, caller, "ResourceAlreadyExistsException")
    guarded = {"logGroupName": "guarded", "deletionProtectionEnabled": True}
    run.call("logs.CreateLogGroup", guarded, caller)
    reserved = {"logGroupName": "aws/x"}
    run.refused("logs.CreateLogGroup", reserved, caller, "InvalidParameterException")
    bad = {"logGroupName": NON_ASCII}
    run.refused("logs.CreateLogGroup", bad, caller, "InvalidParameterException")

    name = {"logGroupName": full["logGroupName"]}
    run.call("logs.PutRetentionPolicy", {**name, "retentionInDays": 400}, caller)
    odd = {**name, "retentionInDays": 2}
    run.refused("logs.PutRetentionPolicy", odd, caller, "InvalidParameterException")

    def found(caller=caller, **asked):
        answer = run.call("logs.DescribeLogGroups", asked, caller)
        return answer.get("logGroups", ()), answer.get("nextToken")

    run.same("logGroups", found(caller=nobody), ([], None))
    group = found(logGroupNamePrefix="/audit", logGroupClass="STANDARD")[0][0]
    for member in ("kmsKeyId", "logGroupClass", "deletionProtectionEnabled"):
        run.same(member, group.get(member), full[member])
    run.same("retentionInDays", group.get("retentionInDays"), 400)
    run.same("arn", group.get("arn"), group.get("logGroupArn") + ":*")
    asked = {"resourceArn": group["logGroupArn"]}
    tags = run.call("logs.ListTagsForResource", asked, caller).get("tags")
    run.same("tags", tags, full["tags"])
    missing = {"resourceArn": group["logGroupArn"] + "0"}
    run.refused("logs.ListTagsForResource", missing, caller, "ResourceNotFoundException")

    briefly = found(logGroupNamePattern="trails")[0][0]
    run.same("a group by pattern", set(briefly), {"logGroupName", "creationTime", "arn"})
    run.same("by identifier", len(found(logGroupIdentifiers=["guarded", "missing"])[0]), 1)
    names, token = [], {}
    while token is not None:
        groups, token = found(limit=1, **token or {})
        names += [group["logGroupName"] for group in groups]
        token = token and {"nextToken": token}
    run.same("the names", names, ["/audit/trails#1", "guarded", "trails"])
    operation = "logs.DescribeLogGroups"
    both = {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}
    run.refused(operation, both, caller, "InvalidParameterException")
    run.refused(operation, {"nextToken": "keine Seite"}, caller, "InvalidParameterException")
    linked = {"includeLinkedAccounts": True, "accountIdentifiers": ["333333333333"]}
    run.not_implemented(operation, linked, caller)
    return name


def metric_filters(run, caller, nobody, group):
    transformation = {
        "metricName": "Größe ✓",
        "metricNamespace": "Prüfung 鍵",
        "metricValue": "1",
        "unit": "Count",
    }
    pattern = '{ $.userIdentity.type = "Root" && $.eventName = "Schlüssel ✓" }'
    full = {
        **group,
        "filterName": "root-Nutzung ✓",
        "filterPattern": pattern,
        "metricTransformations": [{**transformation, "defaultValue": 0.5}],
        "applyOnTransformedLogs": True,
        "fieldSelectionCriteria": '@aws.region = "eu-west-1" /* ✓ */',
    }
    by_account = {
        **full,
        "filterName": "je Konto",
        "metricTransformations": [{**transformation, "dimensions": {"Wer ✓": "$.userIdentity.arn"}}],
        "emitSystemFieldDimensions": ["@aws.account", "@aws.region"],
    }
    smallest = {
        **group,
        "filterName": "a",
        "filterPattern": "",
        "metricTransformations": [
            {"metricName": "m", "metricNamespace": "n", "metricValue": "$.value"}
        ],
    }
    for asked in (full, by_account, smallest, full):
        run.call("logs.PutMetricFilter", asked, caller)
    for change, code in (
        ({"filterPattern": "{ $.a == 1 }"}, "InvalidParameterException"),
        ({"filterPattern": "x" * 1025}, "InvalidParameterException"),
        ({"logGroupName": "missing"}, "ResourceNotFoundException"),
        ({"metricTransformations": [{**transformation, "metricValue": "x"}]},
         "InvalidParameterException"),
        ({"emitSystemFieldDimensions": ["@aws.region"]}, "InvalidParameterException"),
    ):
        run.refused("logs.PutMetricFilter", {**full, **change}, caller, code)

    def found(**asked):
        return run.call("logs.DescribeMetricFilters", asked, caller).get("metricFilters", ())

    shown = {known["filterName"]: known for known in found(**group)}
    run.same("the filters", list(shown), ["a", "je Konto", "root-Nutzung ✓"])
    for put in (full, by_account, smallest):
        for member, value in put.items():
            run.same(member, shown[put["filterName"]].get(member), value)
    metric = {"metricName": "Größe ✓", "metricNamespace": "Prüfung 鍵"}
    run.same("by metric", len(found(**metric)), 2)
    run.same("by prefix", len(found(**group, filterNamePrefix="je ")), 1)
    first = run.call("logs.DescribeMetricFilters", {**group, "limit": 2}, caller)
    rest = found(**group, nextToken=first.get("nextToken"))
    run.same("a second page", [known["filterName"] for known in rest], ["root-Nutzung ✓"])
    operation = "logs.DescribeMetricFilters"
    run.same("nothing", run.call(operation, {}, nobody).get("metricFilters"), [])
    run.refused(operation, group, nobody, "ResourceNotFoundException")
    run.refused(operation, {"metricName": "m"}, caller, "InvalidParameterException")

    for name in ("a", "je Konto", "root-Nutzung ✓"):
        asked = {**group, "filterName": name}
        run.call("logs.DeleteMetricFilter", asked, caller)
        run.refused("logs.DeleteMetricFilter", asked, caller, "ResourceNotFoundException")


def pattern_tests(run, caller):
    pattern = '{ $.userIdentity.type = "Root" && $.name = "Schlüssel*" }'
    matching = '{"userIdentity":{"type":"Root"},"name":"Schlüssel ✓ 鍵"}'
    asked = {"filterPattern": pattern, "logEventMessages": ["✓", matching, "{}"]}
    answer = run.call("logs.TestMetricFilter", asked, caller)
    match = {"eventNumber": 2, "eventMessage": matching, "extractedValues": {}}
    run.same("matches", answer.get("matches"), [match])
    nothing = {"filterPattern": "", "logEventMessages": ["x"]}
    run.same("all", len(run.call("logs.TestMetricFilter", nothing, caller)["matches"]), 1)
    bad = {**asked, "filterPattern": "{ $.a = 'Root' }"}
    run.refused("logs.TestMetricFilter", bad, caller, "InvalidParameterException")


def log_streams(run, caller, nobody, group):
    stream = {**group, "logStreamName": "Übung/✓ 1"}
    run.call("logs.CreateLogStream", stream, caller)
    run.refused("logs.CreateLogStream", stream, caller, "ResourceAlreadyExistsException")
    run.refused("logs.CreateLogStream", stream, nobody, "ResourceNotFoundException")
    odd = {**group, "logStreamName": "a:b"}
    run.refused("logs.CreateLogStream", odd, caller, "InvalidParameterException")
    run.call("logs.CreateLogStream", {**group, "logStreamName": "b"}, caller)

    now = int(time.time() * 1000)
    event = {"timestamp": now, "message": NON_ASCII}
    names = {"Type": "Service", "Name": "✓"}
    put = {**stream, "logEvents": [event], "sequenceToken": "0",
           "entity": {"keyAttributes": names, "attributes": {"Größe": "✓"}}}
    answer = run.call("logs.PutLogEvents", put, caller)
    run.same("rejected", answer.get("rejectedLogEventsInfo"), None)
    old, new = {**event, "timestamp": 0}, {**event, "timestamp": now + 10**8}
    answer = run.call("logs.PutLogEvents", {**put, "logEvents": [old, event, new]}, caller)
    rejected = {"tooNewLogEventStartIndex": 2, "tooOldLogEventEndIndex": 0}
    run.same("rejected", answer.get("rejectedLogEventsInfo"), rejected)
    disordered = {**put, "logEvents": [event, old]}
    run.refused("logs.PutLogEvents", disordered, caller, "InvalidParameterException")
    missing = {**put, "logStreamName": "fehlt"}
    run.refused("logs.PutLogEvents", missing, caller, "ResourceNotFoundException")

    operation = "logs.DescribeLogStreams"
    found = run.call(operation, {**group, "logStreamNamePrefix": "Ü"}, caller).get("logStreams", ())
    run.same("the streams", [one["logStreamName"] for one in found], [stream["logStreamName"]])
    run.same("lastEventTimestamp", found[0].get("lastEventTimestamp"), now)
    asked = {"logGroupIdentifier": group["logGroupName"], "orderBy": "LastEventTime",
             "descending": True, "limit": 1}
    first = run.call(operation, asked, caller)
    rest = run.call(operation, {**asked, "nextToken": first.get("nextToken")}, caller)
    pages = [page["logStreams"][0]["logStreamName"] for page in (first, rest)]
    run.same("by time", pages, [stream["logStreamName"], "b"])
    run.refused(operation, group, nobody, "ResourceNotFoundException")
    both = {**group, "logGroupIdentifier": group["logGroupName"]}
    run.refused(operation, both, caller, "InvalidParameterException")


def calls(run, caller, nobody):
    group = log_groups(run, caller, nobody)
    metric_filters(run, caller, nobody, group)
    log_streams(run, caller, nobody, group)
    pattern_tests(run, caller)
    run.call("logs.DeleteLogGroup", group, caller)
    run.refused("logs.DeleteLogGroup", group, caller, "ResourceNotFoundException")
    run.refused("logs.DeleteLogGroup", {"logGroupName": "guarded"}, caller, "ValidationException")
