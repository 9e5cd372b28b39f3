"""Calls every operation of Security Hub that the sandbox has."""

OPERATION = "securityhub.BatchImportFindings"
ACCOUNT, REGION = "222222222222", "eu-west-1"
TIME = "2026-11-20T10:00:00Z"

# What a finding may have and the sandbox does not keep. Their own members are many, and
# all are answered alike.
UNKEPT = {
    "Action": {}, "Detection": {}, "GeneratorDetails": {}, "Malware": [], "Network": {},
    "NetworkPath": [], "PatchSummary": {"Id": "p"}, "Process": {}, "ThreatIntelIndicators": [],
    "Threats": [], "Vulnerabilities": [],
}


def product(account):
    return f"arn:aws:securityhub:{REGION}:{account}:product/{account}/default"


def smallest(account):
    return {
        "SchemaVersion": "2018-10-08",
        "Id": "finding",
        "ProductArn": product(account),
        "GeneratorId": "generator",
        "AwsAccountId": account,
        "CreatedAt": TIME,
        "UpdatedAt": TIME,
        "Severity": {"Label": "LOW"},
        "Title": "title",
        "Description": "description",
        "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{account}"}],
    }


def full(text):
    related = [{"ProductArn": product(ACCOUNT), "Id": text}]
    fields = {text: text}
    return {
        **smallest(ACCOUNT),
        "ProductName": text, "CompanyName": text, "Region": REGION, "Types": [text],
        "AwsAccountName": text, "FirstObservedAt": TIME, "LastObservedAt": TIME,
        "ProcessedAt": TIME, "Confidence": 0, "Criticality": 100, "Title": text,
        "Description": text, "SourceUrl": "https://example.com/" + text,
        "UpdatedAt": "2026-11-20T11:00:00.5Z",
        "Severity": {"Label": "LOW", "Normalized": 1, "Product": 1.5, "Original": text},
        "Remediation": {"Recommendation": {"Text": text, "Url": "https://example.com"}},
        "ProductFields": fields, "UserDefinedFields": fields,
        "Resources": [{
            "Type": "AwsAccount", "Id": text, "Partition": "aws", "Region": REGION,
            "ResourceRole": "Target", "Tags": fields, "ApplicationName": text,
            "ApplicationArn": text,
        }],
        "Compliance": {
            "Status": "FAILED", "RelatedRequirements": [text], "SecurityControlId": "IAM.4",
            "StatusReasons": [{"ReasonCode": "CODE", "Description": text}],
            "AssociatedStandards": [{"StandardsId": text}],
            "SecurityControlParameters": [{"Name": text, "Value": [text]}],
        },
        "VerificationState": "UNKNOWN", "WorkflowState": "NEW", "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE", "RelatedFindings": related,
        "Note": {"Text": text, "UpdatedBy": text, "UpdatedAt": TIME}, "Sample": True,
        "FindingProviderFields": {
            "Confidence": 0, "Criticality": 0, "RelatedFindings": related,
            "Severity": {"Label": "CRITICAL", "Original": text}, "Types": [text],
        },
    }


def calls(run, with_hub, without, non_ascii):
    run.not_looked_into |= {f".Findings[].{name}" for name in UNKEPT}
    run.not_looked_into |= {".Findings[].Resources[].Details",
                            ".Findings[].Resources[].DataClassification"}
    # Twice: the second is not later.
    for findings in ([full(non_ascii)], [full(non_ascii), smallest(ACCOUNT)]):
        answer = run.call(OPERATION, {"Findings": findings}, with_hub)
        run.same("SuccessCount", answer.get("SuccessCount"), len(findings))
        run.same("FailedFindings", answer.get("FailedFindings"), [])

    other = smallest("333333333333")
    wrong = [
        {"ProductArn": product(ACCOUNT).replace("default", "other")},
        {"AwsAccountId": "333333333333"},
        {"UpdatedAt": "yesterday"},
        {"Severity": {}},
        {"SchemaVersion": "2026-01-01"},
        {"ProductFields": {str(number): "x" * 1024 for number in range(300)}},
    ]
    findings = [{**smallest(ACCOUNT), "Id": str(at), **change} for at, change in enumerate(wrong)]
    answer = run.call(OPERATION, {"Findings": [*findings, smallest(ACCOUNT)]}, with_hub)
    run.same("FailedCount", answer.get("FailedCount"), len(wrong))
    run.same("SuccessCount", answer.get("SuccessCount"), 1)
    failed = [(one["Id"], one["ErrorCode"]) for one in answer.get("FailedFindings", ())]
    run.same("FailedFindings", failed, [(str(at), "InvalidInput") for at in range(len(wrong))])

    for name, value in UNKEPT.items():
        asked = {"Findings": [{**smallest(ACCOUNT), name: value}]}
        run.not_implemented(OPERATION, asked, with_hub)
    for name in ("Details", "DataClassification"):
        resource = {"Type": "Other", "Id": "i", name: {}}
        asked = {"Findings": [{**smallest(ACCOUNT), "Resources": [resource]}]}
        run.not_implemented(OPERATION, asked, with_hub)
    foreign = {"Findings": [{**smallest(ACCOUNT), "ProductArn": product("333333333333")}]}
    run.refused(OPERATION, foreign, with_hub, "AccessDeniedException")
    blank = {"Findings": [{**smallest(ACCOUNT), "Title": "\t"}]}
    run.refused(OPERATION, blank, with_hub, "InvalidInputException")
    run.refused(OPERATION, {"Findings": [other]}, without, "InvalidAccessException")
    reads(run, with_hub, without)


FILTERS = ("AwsAccountId", "ComplianceSecurityControlId", "ComplianceStatus", "ProductName",
           "RecordState", "WorkflowStatus")


def reads(run, with_hub, without):
    operation = "securityhub.GetEnabledStandards"
    standard = "arn:aws:securityhub:eu-west-1::standards/cis-aws-foundations-benchmark/v/1.4.0"
    answer = run.call(operation, {"MaxResults": 1}, with_hub)
    found = answer.get("StandardsSubscriptions", ())
    run.same("StandardsArn", [one["StandardsArn"] for one in found], [standard])
    named = {"StandardsSubscriptionArns": [one["StandardsSubscriptionArn"] for one in found]}
    run.same("named", len(run.call(operation, named, with_hub)["StandardsSubscriptions"]), 1)
    run.refused(operation, {"NextToken": "keine Seite"}, with_hub, "InvalidInputException")
    run.refused(operation, {}, without, "InvalidAccessException")

    operation = "securityhub.GetFindings"
    everything = run.call(operation, {"MaxResults": 100}, with_hub)["Findings"]
    run.same("Findings", len(everything), 1)
    equals = {"Value": ACCOUNT, "Comparison": "EQUALS"}
    for comparison, count in (("EQUALS", len(everything)), ("NOT_EQUALS", 0)):
        filters = {"AwsAccountId": [{**equals, "Comparison": comparison}]}
        answer = run.call(operation, {"Filters": filters}, with_hub)
        run.same("Findings", len(answer["Findings"]), count)
    failed = {"ComplianceStatus": [{"Value": "FAILED", "Comparison": "EQUALS"}],
              "ComplianceSecurityControlId": [{"Value": "IAM.4", "Comparison": "EQUALS"}]}
    run.same("failed", len(run.call(operation, {"Filters": failed}, with_hub)["Findings"]), 1)
    filters = {name: [equals] for name in FILTERS}
    run.same("none", run.call(operation, {"Filters": filters}, with_hub)["Findings"], [])
    run.refused(operation, {"NextToken": "keine Seite"}, with_hub, "InvalidInputException")
    run.refused(operation, {}, without, "InvalidAccessException")
    model = run.model(operation).input_shape.members["Filters"]
    for name in model.members:
        if name not in FILTERS:
            run.not_looked_into.add(f".Filters.{name}")
    run.not_implemented(operation, {"Filters": {"Title": [equals]}}, with_hub)
    prefix = {"AwsAccountId": [{**equals, "Comparison": "PREFIX"}]}
    run.not_implemented(operation, {"Filters": prefix}, with_hub)
    sort = [{"Field": "Title", "SortOrder": "asc"}]
    run.not_implemented(operation, {"SortCriteria": sort}, with_hub)
