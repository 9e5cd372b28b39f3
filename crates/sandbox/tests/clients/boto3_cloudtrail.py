"""CloudTrail's calls: with every member set, and with everything empty."""

from inputs import members_set

NON_ASCII = "Schlüssel – Prüfung ✓ 鍵 \U0001f511 <&>\"'"
ARN = "arn:aws:cloudtrail:eu-west-1:222222222222:trail/"
ROLE = "arn:aws:iam::111111111111:role/audit/auditor"
VALUES = ["Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"]


def changed(run, operation, parameters, caller, code=None):
    """A change, sent again if it came less than a second after another. With an error
    code, one that is refused."""
    for _ in range(2):
        answer, error = run.send(operation, parameters, caller)
        found = error and error.response["Error"]["Code"]
        if found != "ThrottlingException":
            break
    run.inputs.setdefault(operation, set()).update(members_set(parameters))
    run.same("the error", found, code)
    return answer or {}


def calls(run, management, full, empty):
    reads(run, full, empty)
    selectors(run, full)
    trails(run, management, full)
    switches(run, full)
    changed(run, "cloudtrail.StopLogging", {"Name": ARN + "alles"}, full)
    changed(run, "cloudtrail.DeleteTrail", {"Name": ARN + "alles"}, full)
    changed(run, "cloudtrail.DeleteTrail", {"Name": "neu"}, full)
    run.call("cloudtrail.ListTrails", {}, full)


def reads(run, full, empty):
    everything = {"trailNameList": ["alles", ARN + "alles"], "includeShadowTrails": True}
    for asked, caller, names in (
        (everything, full, ["alles"]),
        ({}, full, ["alles"]),
        ({"trailNameList": [], "includeShadowTrails": False}, full, ["alles"]),
        ({}, empty, []),
    ):
        answer = run.call("cloudtrail.DescribeTrails", asked, caller)
        run.same("Name", [trail["Name"] for trail in answer.get("trailList", ())], names)
        for trail in answer.get("trailList", ()):
            run.same("S3KeyPrefix", trail.get("S3KeyPrefix"), "Präfix ✓")
    mute = {"trailNameList": [(ARN + "stumm").replace("eu-west-1", "us-east-1")]}
    answer = run.call("cloudtrail.DescribeTrails", mute, full)
    run.same("S3BucketName", [trail.get("S3BucketName") for trail in answer["trailList"]], [None])

    answer = run.call("cloudtrail.GetTrail", {"Name": "alles"}, full)
    run.same("HomeRegion", answer.get("Trail", {}).get("HomeRegion"), "eu-west-1")
    for caller, count in ((full, 2), (empty, 0)):
        answer = run.call("cloudtrail.ListTrails", {}, caller)
        run.same("Trails", len(answer.get("Trails", ())), count)
    bad = {"NextToken": "keine Seite ✓"}
    run.refused("cloudtrail.ListTrails", bad, full, "ValidationException")
    run.refused("cloudtrail.ListTags", {"ResourceIdList": [], **bad}, full, "InvalidTokenException")
    answer = run.call("cloudtrail.ListTags", {"ResourceIdList": [ARN + "alles"]}, full)
    tags = [{"Key": "Größe", "Value": "✓ 鍵"}, {"Key": "leer"}]
    run.same("TagsList", [one["TagsList"] for one in answer.get("ResourceTagList", ())], [tags])
    run.call("cloudtrail.ListTags", {"ResourceIdList": []}, empty)

    status = run.call("cloudtrail.GetTrailStatus", {"Name": ARN + "alles"}, full)
    run.same("IsLogging", status.get("IsLogging"), True)
    run.same("LatestNotificationError", status.get("LatestNotificationError"), "Größe ✓")
    run.same("times", sorted(name for name in status if name.endswith("Time")), [
        "LatestCloudWatchLogsDeliveryTime", "LatestDeliveryTime", "LatestDigestDeliveryTime",
        "StartLoggingTime", "StopLoggingTime"])
    for operation, member in (
        ("cloudtrail.GetTrail", "Name"),
        ("cloudtrail.GetTrailStatus", "Name"),
        ("cloudtrail.GetEventSelectors", "TrailName"),
    ):
        run.refused(operation, {member: NON_ASCII}, full, "InvalidTrailNameException")
        run.refused(operation, {member: "stumm"}, full, "TrailNotFoundException")
        run.refused(operation, {member: ARN + "alles"}, empty, "CloudTrailARNInvalidException")


def selectors(run, full):
    name = {"TrailName": "alles"}
    answer = run.call("cloudtrail.GetEventSelectors", name, full)
    run.same("AdvancedEventSelectors", len(answer.get("AdvancedEventSelectors", ())), 1)
    basic = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": False,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::Größe/"]}],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }
    conditions = [{"Field": "eventCategory", "Equals": ["Management"]}]
    conditions += [{"Field": "eventName", operator: [NON_ASCII]} for operator in VALUES]
    advanced = {"Name": NON_ASCII, "FieldSelectors": conditions}
    for kind, selector in (("EventSelectors", basic), ("AdvancedEventSelectors", advanced)):
        put = {**name, kind: [selector]}
        answer = changed(run, "cloudtrail.PutEventSelectors", put, full)
        run.same(kind, answer.get(kind), [selector])
        answer = run.call("cloudtrail.GetEventSelectors", name, full)
        run.same(kind, answer.get(kind), [selector])
        run.same("selectors", sorted(answer.keys() - {"ResponseMetadata"}), [kind, "TrailARN"])
    changed(run, "cloudtrail.PutEventSelectors", {**name, "EventSelectors": [{}]}, full)


def trails(run, management, full):
    smallest = {"Name": "neu", "S3BucketName": "protokolle"}
    settings = {
        "S3KeyPrefix": NON_ASCII,
        "SnsTopicName": "thema",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
        "IsOrganizationTrail": False,
        "KmsKeyId": "arn:aws:kms:eu-west-1:444444444444:key/fremd",
    }
    tags = [{"Key": "Größe", "Value": NON_ASCII}, {"Key": "leer"}]
    group = "arn:aws:logs:eu-west-1:111111111111:log-group:keine:*"
    logs = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": ROLE}
    empty = {"S3KeyPrefix": "", "SnsTopicName": "", "KmsKeyId": "",
             "CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": ""}
    asked = {**smallest, **settings, "TagsList": tags}
    answer = changed(run, "cloudtrail.CreateTrail", asked, full)
    run.same("S3KeyPrefix", answer.get("S3KeyPrefix"), NON_ASCII)
    run.same("SnsTopicARN", answer.get("SnsTopicARN"), "arn:aws:sns:eu-west-1:222222222222:thema")
    changed(run, "cloudtrail.UpdateTrail", smallest, full)
    answer = changed(run, "cloudtrail.UpdateTrail", {**smallest, **settings, **empty}, full)
    run.same("left", sorted(empty.keys() & answer.keys()), [])

    asked = {**smallest, **empty, "TagsList": []}
    answer = changed(run, "cloudtrail.CreateTrail", asked, management)
    run.same("LogFileValidationEnabled", answer.get("LogFileValidationEnabled"), False)
    # There is no such log group. One that there is was set in the organization file.
    code = "InvalidCloudWatchLogsLogGroupArnException"
    changed(run, "cloudtrail.UpdateTrail", {"Name": "neu", **logs}, management, code)
    create = {**smallest, "Name": "neuer", **logs}
    changed(run, "cloudtrail.CreateTrail", create, management, code)
    changed(run, "cloudtrail.DeleteTrail", {"Name": "neu"}, management)


def switches(run, full):
    for operation, logging in (
        ("cloudtrail.StartLogging", True),
        ("cloudtrail.StopLogging", False),
        ("cloudtrail.StartLogging", True),
    ):
        changed(run, operation, {"Name": "neu"}, full)
        status = run.call("cloudtrail.GetTrailStatus", {"Name": "neu"}, full)
        run.same("IsLogging", status.get("IsLogging"), logging)
