"""The checks notice what they are for: right answers pass, doctored ones do not."""

import json
import unittest

import botocore.session

from answers import problems
from inputs import members, members_set

SESSION = botocore.session.get_session()
XML = {"x-amzn-requestid": "1", "content-type": "text/xml"}
JSON = {"x-amzn-requestid": "1", "content-type": "application/x-amz-json-1.1"}
JSON_1_0 = {**JSON, "content-type": "application/x-amz-json-1.0"}
IAM = "https://iam.amazonaws.com/doc/2010-05-08/"

KEYS = (
    "<AccessKeyMetadata><member><UserName>Zoë</UserName>"
    "<AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Active</Status>"
    "<CreateDate>2026-01-02T03:04:05Z</CreateDate></member></AccessKeyMetadata>"
    "<IsTruncated>false</IsTruncated>"
)
SUMMARY = (
    "<SummaryMap><entry><key>AccountAccessKeysPresent</key><value>1</value></entry>"
    "<entry><key>AccountMFAEnabled</key><value>0</value></entry></SummaryMap>"
)
REST = {"x-amzn-requestid": "1", "content-type": "application/json"}
REFUSED = {**REST, "x-amzn-errortype": "ResourceNotFoundException"}
ERROR = (
    "<Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>für</Message></Error>"
    "<RequestId>1</RequestId>"
)
RULES = {
    "ConfigRules": [
        {
            "ConfigRuleName": "no-root-keys",
            "Description": "kein Schlüssel",
            "Source": {"Owner": "CUSTOM_LAMBDA", "SourceDetails": [{"EventSource": "aws.config"}]},
            "ConfigRuleState": "ACTIVE",
        }
    ]
}
RESULTS = {
    "EvaluationResults": [
        {
            "EvaluationResultIdentifier": {
                "EvaluationResultQualifier": {"ResourceId": "111111111111"},
                "OrderingTimestamp": 1700000000.123,
            },
            "Annotation": "1 Schlüssel",
        }
    ]
}
COUNT = {
    "ComplianceByConfigRules": [
        {"Compliance": {"ComplianceContributorCount": {"CappedCount": 1, "CapExceeded": False}}}
    ]
}


def operation(service, name):
    return SESSION.get_service_model(service).operation_model(name)


def xml(name, result, namespace=IAM, metadata="<RequestId>1</RequestId>"):
    wrapped = f"<{name}Result>{result}</{name}Result>" if result is not None else ""
    return (
        f'<{name}Response xmlns="{namespace}">{wrapped}'
        f"<ResponseMetadata>{metadata}</ResponseMetadata></{name}Response>"
    )


def of_xml(name, text, status=200, headers=XML):
    return problems(operation("iam", name), status, headers, text.encode())


def of_json(name, value, status=200, headers=JSON):
    text = value if isinstance(value, str) else json.dumps(value)
    return problems(operation("config", name), status, headers, text.encode())


def of_rest(name, value, status, headers=REST):
    text = value if isinstance(value, str) else json.dumps(value)
    return problems(operation("lambda", name), status, headers, text.encode())


class RightAnswers(unittest.TestCase):
    def test_pass(self):
        error = f'<ErrorResponse xmlns="{IAM}">{ERROR}</ErrorResponse>'
        for found in (
            of_xml("ListAccessKeys", xml("ListAccessKeys", KEYS)),
            of_xml("GetAccountSummary", xml("GetAccountSummary", SUMMARY)),
            of_xml("DeleteAccessKey", xml("DeleteAccessKey", None)),
            of_xml("DeleteAccessKey", error, 404),
            of_json("DescribeConfigRules", RULES),
            of_json("DescribeConfigRules", {}),
            of_json("GetComplianceDetailsByConfigRule", RESULTS),
            of_json("DescribeComplianceByConfigRule", COUNT),
            of_json("DeleteConfigRule", ""),
            of_json("DeleteConfigRule", {"__type": "NoSuchConfigRuleException"}, 400),
            of_rest("GetPolicy", {"Policy": "{}", "RevisionId": "1"}, 200),
            of_rest("AddPermission", {"Statement": "größer"}, 201),
            of_rest("RemovePermission", "", 204),
            of_rest("GetPolicy", {"Type": "User", "Message": "für"}, 404, REFUSED),
        ):
            self.assertEqual(found, [])


class DoctoredAnswers(unittest.TestCase):
    def noticed(self, found, what):
        self.assertTrue(any(what in line for line in found), f"{what!r} not in {found}")

    def test_xml_members(self):
        def doctored(old, new, what):
            self.assertIn(old, KEYS)
            answer = xml("ListAccessKeys", KEYS.replace(old, new))
            self.noticed(of_xml("ListAccessKeys", answer), what)

        doctored("<Status>", "<Extra>1</Extra><Status>", "unknown member Extra")
        doctored("<Status>Active</Status>", "<Status>On</Status>", "is not one of")
        doctored("<Status>", "<Status>Active</Status><Status>", "stands twice")
        doctored("AKIAIOSFODNN7EXAMPLE", "AKIA", "less than")
        doctored("2026-01-02T03:04:05Z", "1767323045", "no timestamp")
        doctored("false", "False", "no boolean")
        doctored("<member>", "<entry>", "no XML")
        doctored("<UserName>Zoë</UserName>", "<UserName><b/></UserName>", "elements in")
        doctored("<AccessKeyMetadata>", "<AccessKeyMetadata>text", "text 'text'")
        items = KEYS.replace("<member>", "<item>").replace("</member>", "</item>")
        self.noticed(of_xml("ListAccessKeys", xml("ListAccessKeys", items)), "item item")
        rest = KEYS[KEYS.index("<IsTruncated>") :]
        found = of_xml("ListAccessKeys", xml("ListAccessKeys", rest))
        self.noticed(found, "AccessKeyMetadata is missing")

    def test_xml_maps(self):
        def doctored(old, new, what):
            self.assertIn(old, SUMMARY)
            answer = xml("GetAccountSummary", SUMMARY.replace(old, new))
            self.noticed(of_xml("GetAccountSummary", answer), what)

        doctored("<value>1</value>", "<value>one</value>", "no integer")
        doctored("<value>1</value>", "<value>3000000000</value>", "no integer")
        doctored("AccountMFAEnabled", "AccountMfaEnabled", "is not one of")
        doctored("AccountMFAEnabled", "AccountAccessKeysPresent", "stands twice")
        doctored("<value>1</value>", "", "should be entry")

    def test_xml_frame(self):
        right = xml("ListAccessKeys", KEYS)
        for answer, what in (
            (right.replace(IAM, "https://example.com/"), "namespace"),
            (right.replace("ListAccessKeysResponse", "Response"), "should be"),
            (right.replace("ListAccessKeysResult", "Result"), "should have"),
            (xml("ListAccessKeys", KEYS, metadata=""), "ResponseMetadata"),
            (xml("ListAccessKeys", None), "should have"),
            ("", "no XML"),
        ):
            self.noticed(of_xml("ListAccessKeys", answer), what)
        self.noticed(of_xml("ListAccessKeys", right, headers={}), "x-amzn-requestid")
        self.noticed(of_xml("ListAccessKeys", right, headers=JSON), "content type")
        found = problems(operation("iam", "ListAccessKeys"), 200, XML, right.encode("latin-1"))
        self.noticed(found, "not UTF-8")

    def test_xml_errors(self):
        def doctored(old, new, what, status=404):
            answer = f'<ErrorResponse xmlns="{IAM}">{ERROR.replace(old, new)}</ErrorResponse>'
            self.noticed(of_xml("DeleteAccessKey", answer, status), what)

        doctored("NoSuchEntity", "NoSuchKey", "no error of this operation")
        doctored("Sender", "Client", "type")
        doctored("<Type>Sender</Type>", "", "should have")
        doctored("<RequestId>1</RequestId>", "", "should be ErrorResponse")
        doctored("NoSuchEntity", "NoSuchEntity", "has the status 404", status=400)

    def test_json_members(self):
        def doctored(name, answer, old, new, what):
            text = json.dumps(answer)
            self.assertIn(old, text)
            self.noticed(of_json(name, text.replace(old, new)), what)

        rules, results = "DescribeConfigRules", "GetComplianceDetailsByConfigRule"
        doctored(rules, RULES, '"Source"', '"Origin"', "unknown member Origin")
        doctored(rules, RULES, '"Source"', '"Origin"', "Source is missing")
        doctored(rules, RULES, '"EventSource"', '"eventSource"', "unknown member eventSource")
        doctored(rules, RULES, '"ACTIVE"', '"active"', "is not one of")
        doctored(rules, RULES, '"ACTIVE"', "null", "None is no string")
        doctored(rules, RULES, '"ACTIVE"', "1", "1 is no string")
        doctored(rules, RULES, '"Owner"', '"Owner": "AWS", "Owner"', "Owner stands twice")
        doctored(rules, RULES, "no-root-keys", "n" * 129, "more than 128")
        doctored(results, RESULTS, "1700000000.123", '"2023-11-14T22:13:20Z"', "no timestamp")
        doctored(results, RESULTS, '"Annotation": "1 Schl', '"Annotation": "", "x": "', "0 is less")
        doctored("DescribeComplianceByConfigRule", COUNT, "false", "0", "no boolean")
        doctored("DescribeComplianceByConfigRule", COUNT, "1", "true", "no integer")
        doctored("DescribeComplianceByConfigRule", COUNT, "1", "1.5", "no integer")

    def test_json_frame(self):
        self.noticed(of_json("DescribeConfigRules", "[]"), "no structure")
        self.noticed(of_json("DescribeConfigRules", ""), "no JSON")
        self.noticed(of_json("DeleteConfigRule", {"a": 1}), "should be empty")
        self.noticed(of_json("DeleteConfigRule", {"__type": "Nothing"}, 400), "no error of this")
        self.noticed(of_json("DeleteConfigRule", {"message": "x"}, 400), "no error of this")
        found = of_json("DeleteConfigRule", {"__type": "ThrottlingException", "x": 1}, 400)
        self.noticed(found, "unknown member x")

    def test_query_compatible_errors(self):
        def found(code="ResourceNotFound", header="ResourceNotFound;Sender", status=404):
            model = operation("cloudwatch", "SetAlarmState")
            headers = {**JSON_1_0, "x-amzn-query-error": header}
            body = json.dumps({"__type": code, "message": "für"}).encode()
            return problems(model, status, headers, body)

        self.assertEqual(found(), [])
        self.assertEqual(found("InvalidFormatFault", "InvalidFormat;Sender", 400), [])
        self.noticed(found("InvalidFormatFault", "InvalidFormatFault;Sender", 400), "no error of")
        self.noticed(found("InvalidFormat", "InvalidFormat;Sender", 400), "no error of")
        self.noticed(found(header="ResourceNotFound;Receiver"), "blames")
        self.noticed(found(header="ResourceNotFound"), "blames")
        self.noticed(found(header=None), "blames")
        self.noticed(found(status=400), "has the status 404")
        headers = {**JSON, "x-amzn-query-error": "NoSuchConfigRuleException;Sender"}
        error = {"__type": "NoSuchConfigRuleException"}
        self.noticed(of_json("DeleteConfigRule", error, 400, headers), "x-amzn-query-error")

    def test_rest_json(self):
        self.noticed(of_rest("GetPolicy", {"Document": "{}"}, 200), "unknown member Document")
        self.noticed(of_rest("AddPermission", {"Statement": "s"}, 200), "type None")
        self.noticed(of_rest("RemovePermission", {"a": 1}, 204), "should be empty")
        self.noticed(of_rest("GetPolicy", {}, 200, JSON), "content type")
        error = {"Type": "User", "Message": "m"}
        self.noticed(of_rest("GetPolicy", error, 404), "no error of this operation")
        self.noticed(of_rest("GetPolicy", error, 400, REFUSED), "has the status 404")
        self.noticed(of_rest("GetPolicy", {"Type": "User"}, 404, REFUSED), "message")
        self.noticed(of_rest("GetPolicy", {**error, "x": 1}, 404, REFUSED), "unknown member x")
        self.noticed(of_rest("GetPolicy", "", 404, REFUSED), "no JSON")

    def test_a_protocol_without_check_is_not_passed(self):
        model = operation("ec2", "DescribeRegions")
        self.noticed(problems(model, 200, JSON, b"{}"), "no check of the protocol")


class Inputs(unittest.TestCase):
    def test_members_are_found_all_the_way_down(self):
        shape = operation("config", "PutEvaluations").input_shape
        wanted = members(shape)
        self.assertIn(".Evaluations[].Annotation", wanted)
        call = {"ResultToken": "t", "Evaluations": [{"ComplianceResourceId": "1"}]}
        missing = wanted - members_set(call)
        self.assertIn(".Evaluations[].Annotation", missing)
        self.assertIn(".TestMode", missing)
        self.assertNotIn(".ResultToken", missing)


if __name__ == "__main__":
    unittest.main()
