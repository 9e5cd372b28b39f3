"""Calls of CloudWatch's alarms, with every member set."""

import datetime

NON_ASCII = "Schlüssel – Prüfung ✓ 鍵 \U0001f511 <&>\"'"
TOPIC = "arn:aws:sns:eu-west-1:222222222222:topic"
FUNCTION = "arn:aws:lambda:eu-west-1:222222222222:function:f"
TAGS = [{"Key": "Größe", "Value": "鍵"}, {"Key": "leer", "Value": ""}]
LATER = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
OFTEN = {
    "AlarmDescription": NON_ASCII,
    "ActionsEnabled": False,
    "OKActions": [f"{TOPIC}-ok"],
    "AlarmActions": [TOPIC, FUNCTION],
    "InsufficientDataActions": [f"{TOPIC}-nichts"],
}
COUNTED = {
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "EvaluateLowSampleCountPercentile": "ignore",
}
METRIC = {
    "MetricName": "Größe ✓",
    "Namespace": "Prüfung 鍵",
    "Dimensions": [{"Name": "Wer ✓", "Value": NON_ASCII}, {"Name": "A", "Value": "b"}],
}
ON_METRIC = {
    **OFTEN,
    **COUNTED,
    **METRIC,
    "AlarmName": "metrisch ✓",
    "Period": 60,
    "Unit": "Count",
    "Statistic": "Sum",
    "Threshold": 0.5,
}
PERCENTILE = {
    **ON_METRIC,
    "AlarmName": "Prozent",
    "ExtendedStatistic": "p99.9",
}
del PERCENTILE["Statistic"]
MATH = {
    **OFTEN,
    **COUNTED,
    "AlarmName": "Mathematik",
    "ComparisonOperator": "GreaterThanUpperThreshold",
    "ThresholdMetricId": "band",
    "Metrics": [
        {
            "Id": "m1",
            "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "Sum", "Unit": "Count"},
            "Label": NON_ASCII,
            "ReturnData": True,
            "AccountId": "111111111111",
        },
        {
            "Id": "band",
            "Expression": "ANOMALY_DETECTION_BAND(m1, 2)",
            "Period": 300,
            "ReturnData": True,
        },
    ],
}
QUERY = {
    "AlarmName": "PromQL",
    "EvaluationCriteria": {
        "PromQLCriteria": {"Query": 'up{job="✓"}', "PendingPeriod": 60, "RecoveryPeriod": 120}
    },
    "EvaluationInterval": 60,
}
COMPOSITE = {
    **OFTEN,
    "AlarmName": "zusammengesetzt ✓",
    "AlarmRule": 'ALARM("metrisch ✓") AND NOT ALARM(Mathematik)',
    "ActionsSuppressor": "PromQL",
    "ActionsSuppressorWaitPeriod": 60,
    "ActionsSuppressorExtensionPeriod": 120,
}
TYPES = ["MetricAlarm", "CompositeAlarm"]


def shown(run, caller, **asked):
    answer = run.call("cloudwatch.DescribeAlarms", asked, caller)
    return answer.get("MetricAlarms", []) + answer.get("CompositeAlarms", [])


def put(run, caller):
    put_metric, put_composite = "cloudwatch.PutMetricAlarm", "cloudwatch.PutCompositeAlarm"
    for alarm in (ON_METRIC, PERCENTILE, MATH, QUERY):
        run.call(put_metric, {**alarm, "Tags": TAGS}, caller)
        run.call(put_metric, alarm, caller)
    run.call(put_composite, {**COMPOSITE, "Tags": TAGS}, caller)
    run.call(put_composite, {"AlarmName": "klein", "AlarmRule": "TRUE"}, caller)
    for change in (
        {"Statistic": None},
        {"ExtendedStatistic": "p90"},
        {"Period": 45},
        {"Period": 3600, "EvaluationPeriods": 169},
        {"DatapointsToAlarm": 4},
        {"TreatMissingData": "Nichts ✓"},
        {"Threshold": None},
        {"ComparisonOperator": "LessThanLowerThreshold"},
        {"Metrics": MATH["Metrics"]},
        {"EvaluationInterval": 60},
        {"AlarmName": COMPOSITE["AlarmName"]},
    ):
        asked = {**ON_METRIC, **change}
        asked = {member: value for member, value in asked.items() if value is not None}
        run.refused(put_metric, asked, caller, "ValidationError")
    for change in (
        {"AlarmRule": "ALARM("},
        {"AlarmRule": "ALARM(gibt es nicht ✓)"},
        {"ActionsSuppressor": "gibt es nicht ✓"},
        {"AlarmName": ON_METRIC["AlarmName"]},
    ):
        run.refused(put_composite, {**COMPOSITE, **change}, caller, "ValidationError")

    known = {alarm["AlarmName"]: alarm for alarm in shown(run, caller, AlarmTypes=TYPES)}
    for alarm in (ON_METRIC, PERCENTILE, MATH, QUERY, COMPOSITE):
        for member, value in alarm.items():
            run.same(member, known[alarm["AlarmName"]].get(member), value)
        run.same("tags in DescribeAlarms", "Tags" in known[alarm["AlarmName"]], False)
        arn = known[alarm["AlarmName"]]["AlarmArn"]
        tags = run.call("cloudwatch.ListTagsForResource", {"ResourceARN": arn}, caller)
        run.same("Tags", tags.get("Tags"), TAGS)
    missing = {"ResourceARN": "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:✓"}
    operation = "cloudwatch.ListTagsForResource"
    run.refused(operation, missing, caller, "ResourceNotFoundException")


def describe(run, caller, nobody):
    operation = "cloudwatch.DescribeAlarms"
    run.same("nothing", shown(run, nobody, AlarmTypes=TYPES), [])

    def names(**asked):
        return [alarm["AlarmName"] for alarm in shown(run, caller, **asked)]

    metric = ["Mathematik", "PromQL", "Prozent", "bestand", "metrisch ✓"]
    composite = ["bestand-alle", "klein", "zusammengesetzt ✓"]
    run.same("without types", names(), metric)
    run.same("composite", names(AlarmTypes=["CompositeAlarm"]), composite)
    run.same("by name", names(AlarmNames=["klein", "PromQL"], AlarmTypes=TYPES), ["PromQL", "klein"])
    prefixed = names(AlarmNamePrefix="metrisch", StateValue="INSUFFICIENT_DATA", ActionPrefix=TOPIC)
    run.same("by prefix", prefixed, ["metrisch ✓"])
    run.same("by action", names(ActionPrefix="arn:aws:ssm"), [])
    children = shown(run, caller, ChildrenOfAlarmName="zusammengesetzt ✓")
    run.same("children", [one["AlarmName"] for one in children], ["Mathematik", "metrisch ✓"])
    parents = shown(run, caller, ParentsOfAlarmName="Mathematik")
    run.same("parents", [set(one) for one in parents], [{"AlarmName", "AlarmArn"}])
    found, token = [], {}
    while token is not None:
        answer = run.call(operation, {"AlarmTypes": TYPES, "MaxRecords": 3, **token}, caller)
        page = answer.get("MetricAlarms", []) + answer.get("CompositeAlarms", [])
        found.append([alarm["AlarmName"] for alarm in page])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    everything = metric + composite
    run.same("pages", found, [everything[0:3], everything[3:6], everything[6:8]])
    run.refused(operation, {"NextToken": "keine Seite ✓"}, caller, "InvalidNextToken")
    for both in (
        {"AlarmNames": ["a"], "AlarmNamePrefix": "a"},
        {"ChildrenOfAlarmName": "a", "ParentsOfAlarmName": "b"},
        {"ChildrenOfAlarmName": "a", "StateValue": "OK"},
    ):
        run.refused(operation, both, caller, "ValidationError")

    operation = "cloudwatch.DescribeAlarmsForMetric"
    reordered = {**METRIC, "Dimensions": METRIC["Dimensions"][::-1]}
    for more, expected in (
        ({}, ["metrisch ✓", "Prozent"]),
        ({"Statistic": "Sum", "Period": 60, "Unit": "Count"}, ["metrisch ✓"]),
        ({"ExtendedStatistic": "p99.9"}, ["Prozent"]),
        ({"Dimensions": []}, []),
    ):
        answer = run.call(operation, {**reordered, **more}, caller)
        found = [alarm["AlarmName"] for alarm in answer.get("MetricAlarms", ())]
        run.same("alarms of a metric", found, expected)


def change(run, caller):
    name = "metrisch ✓"
    state = {
        "AlarmName": name,
        "StateValue": "ALARM",
        "StateReason": NON_ASCII,
        "StateReasonData": '{"Größe": "✓"}',
    }
    run.call("cloudwatch.SetAlarmState", state, caller)
    run.call("cloudwatch.EnableAlarmActions", {"AlarmNames": [name, "gibt es nicht"]}, caller)
    run.call("cloudwatch.PutMetricAlarm", {**ON_METRIC, "ActionsEnabled": True}, caller)
    (alarm,) = shown(run, caller, AlarmNames=[name])
    for member, value in state.items():
        run.same(member, alarm.get(member), value)
    run.same("ActionsEnabled", alarm.get("ActionsEnabled"), True)
    run.call("cloudwatch.DisableAlarmActions", {"AlarmNames": [name]}, caller)
    (alarm,) = shown(run, caller, AlarmNames=[name])
    run.same("ActionsEnabled", alarm.get("ActionsEnabled"), False)
    operation = "cloudwatch.SetAlarmState"
    run.refused(operation, {**state, "StateReasonData": "kein JSON ✓"}, caller, "InvalidFormat")
    run.refused(operation, {**state, "AlarmName": "gibt es nicht ✓"}, caller, "ResourceNotFound")


def mute(run, caller, nobody):
    rule = {
        "Name": "Wartung ✓",
        "Description": NON_ASCII,
        "Rule": {
            "Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H", "Timezone": "UTC"}
        },
        "MuteTargets": {"AlarmNames": ["metrisch ✓", "klein"]},
        "StartDate": datetime.datetime(2026, 1, 1, 8, tzinfo=datetime.timezone.utc),
        "ExpireDate": LATER,
    }
    once = {"Name": "einmal", "Rule": {
        "Schedule": {"Expression": "at(2029-12-31T23:00)", "Duration": "P1DT2H30M"}}}
    operation = "cloudwatch.PutAlarmMuteRule"
    for asked in ({**rule, "Tags": TAGS}, rule, once):
        run.call(operation, asked, caller)
    for change in (
        {"MuteTargets": {"AlarmNames": ["gibt es nicht ✓"]}},
        {"Rule": {"Schedule": {"Expression": "rate(✓)", "Duration": "PT1H"}}},
    ):
        run.refused(operation, {**rule, **change}, caller, "ValidationError")
    elsewhere = {"Expression": "cron(* * * * *)", "Duration": "PT1H", "Timezone": "Europe/Berlin"}
    run.not_implemented(operation, {**rule, "Rule": {"Schedule": elsewhere}}, caller)

    named = {"AlarmMuteRuleName": "Wartung ✓"}
    answer = run.call("cloudwatch.GetAlarmMuteRule", named, caller)
    for member, value in {**rule, "Status": "ACTIVE", "MuteType": "RECURRING"}.items():
        run.same(member, answer.get(member), value)
    run.refused("cloudwatch.GetAlarmMuteRule", named, nobody, "ResourceNotFoundException")

    operation = "cloudwatch.ListAlarmMuteRules"

    def listed(**asked):
        answer = run.call(operation, asked, caller)
        found = answer.get("AlarmMuteRuleSummaries", ())
        return [one["AlarmMuteRuleArn"].split(":")[-1] for one in found], answer.get("NextToken")

    run.same("all", listed(), (["Wartung ✓", "bestand", "einmal"], None))
    run.same("of an alarm", listed(AlarmName="klein", Statuses=["ACTIVE"])[0], ["Wartung ✓"])
    run.same("scheduled", listed(Statuses=["SCHEDULED"])[0], ["einmal"])
    names, token = listed(MaxRecords=2)
    run.same("a page", names, ["Wartung ✓", "bestand"])
    run.same("the last page", listed(NextToken=token), (["einmal"], None))
    run.same("nothing", run.call(operation, {}, nobody).get("AlarmMuteRuleSummaries"), [])
    missing = {"AlarmName": "gibt es nicht ✓"}
    run.refused(operation, missing, caller, "ResourceNotFoundException")
    run.refused(operation, {"NextToken": "keine Seite ✓"}, caller, "InvalidNextToken")
    for _ in range(2):
        run.call("cloudwatch.DeleteAlarmMuteRule", named, caller)


def delete(run, caller):
    operation = "cloudwatch.DeleteAlarms"
    composites = {"AlarmNames": ["klein", "zusammengesetzt ✓"]}
    run.refused(operation, composites, caller, "ValidationError")
    over = {"AlarmName": "über", "AlarmRule": "OK(klein)"}
    run.call("cloudwatch.PutCompositeAlarm", over, caller)
    run.refused(operation, {"AlarmNames": ["klein"]}, caller, "ValidationError")
    run.call(operation, {"AlarmNames": ["über", "PromQL"]}, caller)
    some = {"AlarmNames": ["klein", "gibt es nicht ✓"]}
    run.refused(operation, some, caller, "ResourceNotFound")
    left = [alarm["AlarmName"] for alarm in shown(run, caller, AlarmTypes=["CompositeAlarm"])]
    run.same("composite alarms", left, ["bestand-alle", "zusammengesetzt ✓"])


def history(run, caller, nobody):
    """After a state was set twice: what happened, newest first."""
    operation = "cloudwatch.DescribeAlarmHistory"
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    asked = {"AlarmName": ON_METRIC["AlarmName"], "AlarmTypes": TYPES,
             "HistoryItemType": "StateUpdate", "StartDate": now - day, "EndDate": now + day,
             "MaxRecords": 1, "ScanBy": "TimestampAscending"}
    first = run.call(operation, asked, caller)
    items = first.get("AlarmHistoryItems", ())
    run.same("the alarms", {item["AlarmName"] for item in items}, {ON_METRIC["AlarmName"]})
    run.same("the kinds", {item["HistoryItemType"] for item in items}, {"StateUpdate"})
    if "NextToken" in first:
        run.call(operation, {**asked, "NextToken": first["NextToken"]}, caller)
    before = {**asked, "EndDate": now - day}
    run.same("long ago", run.call(operation, before, caller).get("AlarmHistoryItems"), [])
    run.same("nobody's", run.call(operation, {}, nobody).get("AlarmHistoryItems"), [])
    run.call(operation, {"NextToken": "0"}, caller)
    run.refused(operation, {"NextToken": "keine Seite"}, caller, "InvalidNextToken")
    run.not_implemented(operation, {"AlarmContributorId": "1"}, caller)


def statistics(run, caller):
    """Of a metric that a filter publishes to."""
    group = {"logGroupName": "messwerte"}
    metric = {"MetricName": "Zahl ✓", "Namespace": "Messwerte"}
    run.call("logs.CreateLogGroup", group, caller)
    run.call("logs.CreateLogStream", {**group, "logStreamName": "a"}, caller)
    transformation = {"metricName": metric["MetricName"], "unit": "Count",
                      "metricNamespace": metric["Namespace"], "metricValue": "2"}
    run.call("logs.PutMetricFilter", {**group, "filterName": "f", "filterPattern": "ja",
                                      "metricTransformations": [transformation]}, caller)
    now = datetime.datetime.now(datetime.timezone.utc)
    events = [{"timestamp": int(now.timestamp() * 1000), "message": text}
              for text in ("ja", "nein", "ja")]
    run.call("logs.PutLogEvents", {**group, "logStreamName": "a", "logEvents": events}, caller)
    run.call("logs.DeleteLogGroup", group, caller)
    names = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    asked = {**metric, "StartTime": now - datetime.timedelta(hours=1), "Unit": "Count",
             "EndTime": now + datetime.timedelta(hours=1), "Period": 60, "Statistics": names}
    operation = "cloudwatch.GetMetricStatistics"
    points = run.call(operation, asked, caller).get("Datapoints", ())
    run.same("the values", [[point[name] for name in names] for point in points],
             [[2.0, 2.0, 4.0, 2.0, 2.0]])
    other = {**asked, "Dimensions": [{"Name": "Wer", "Value": "✓"}]}
    run.same("of others", run.call(operation, other, caller).get("Datapoints"), [])
    del asked["Statistics"]
    run.not_implemented(operation, {**asked, "ExtendedStatistics": ["p90"]}, caller)
    run.refused(operation, asked, caller, "ValidationError")


def calls(run, caller, nobody):
    put(run, caller)
    describe(run, caller, nobody)
    change(run, caller)
    history(run, caller, nobody)
    statistics(run, caller)
    mute(run, caller, nobody)
    delete(run, caller)
