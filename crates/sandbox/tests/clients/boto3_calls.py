"""Calls every operation of the sandbox with boto3 and checks the raw answers.

Reads what to call from standard input, as JSON: `endpoint`, `operations` (the
sandbox's own table), `function` (the ARN of one that rules can invoke). Writes
`exercised` (calls that were answered with 200, by operation) and `problems`.

Every operation is called with every member of its input set (over several calls where
members exclude each other), with nothing, and with every member empty. A new operation
needs calls here: without them, it is a problem.
"""

import datetime
import json
import sys

import boto3
import botocore.config
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

import boto3_administration
import boto3_cloudformation
import boto3_cloudtrail
import boto3_cloudwatch
import boto3_events
import boto3_kms
import boto3_lambda
import boto3_logs
import boto3_organizations
import boto3_s3
import boto3_securityhub
import boto3_sns
import boto3_sqs
import boto3_ssm
import boto3_trials
from answers import problems
from inputs import members, members_set

REGION = "eu-west-1"
MANAGEMENT, FULL, EMPTY = "111111111111", "222222222222", "333333333333"
NON_ASCII = "Schlüssel – Prüfung ✓ 鍵 \U0001f511 <&>\"'"
# What boto3 calls the services whose requests are signed with another name.
CLIENTS = {"access-analyzer": "accessanalyzer", "monitoring": "cloudwatch"}
TASK = "arn:aws:iam::aws:policy/root-task/"
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


class Caller:
    """Somebody with credentials; `Caller(account)` is that account's administrator."""

    def __init__(self, key, secret="secret", token=None):
        self.key, self.secret, self.token = key, secret, token

    @classmethod
    def of_session(cls, answer):
        found = answer["Credentials"]
        return cls(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


class Run:
    """The calls so far, and what was wrong with them."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.session = boto3.session.Session()
        self.clients = {}
        self.sent = 0
        self.checked = 0
        self.exercised = {}
        self.inputs = {}
        self.not_looked_into = set()
        self.problems = []
        self.now = None

    def client(self, service, caller, validated):
        known = (service, caller.key, validated)
        if known not in self.clients:
            client = self.session.client(
                service,
                region_name=REGION,
                endpoint_url=self.endpoint,
                aws_access_key_id=caller.key,
                aws_secret_access_key=caller.secret,
                aws_session_token=caller.token,
                config=botocore.config.Config(
                    parameter_validation=validated, retries={"total_max_attempts": 1}
                ),
            )
            client.meta.events.register("before-parse", self.parse)
            self.clients[known] = client
        return self.clients[known]

    def parse(self, operation_model, response_dict, **_):
        """Checks an answer before botocore drops what it does not know."""
        self.checked += 1
        found = []
        if response_dict["status_code"] != 501:
            found = problems(
                operation_model,
                response_dict["status_code"],
                response_dict["headers"],
                response_dict["body"],
            )
        self.problems += [f"{self.now}: {problem}" for problem in found]

    def model(self, operation, caller=Caller(MANAGEMENT)):
        service, name = operation.split(".")
        return self.client(service, caller, True).meta.service_model.operation_model(name)

    def send(self, operation, parameters, caller, validated=True):
        """The answer and the error of a call: one of them is None."""
        service, name = operation.split(".")
        self.now = f"{operation} {parameters!r}"
        method = getattr(self.client(service, caller, validated), xform_name(name))
        self.sent += 1
        try:
            answer = method(**parameters)
        except ClientError as error:
            return None, error
        except BotoCoreError as error:
            self.say(f"botocore could not call or parse: {error}")
            return None, None
        self.exercised[operation] = self.exercised.get(operation, 0) + 1
        return answer, None

    def say(self, what):
        self.problems.append(f"{self.now}: {what}")

    def same(self, what, actual, expected):
        if actual != expected:
            self.say(f"{what} is {actual!r}, should be {expected!r}")

    def note(self, operation, parameters):
        """Which members of the input a call sets."""
        found = members_set(parameters, shape=self.model(operation).input_shape)
        self.inputs.setdefault(operation, set()).update(found)

    def call(self, operation, parameters, caller):
        """A call that succeeds; its answer."""
        self.note(operation, parameters)
        answer, error = self.send(operation, parameters, caller)
        if answer is None and error is not None:
            self.say(f"refused: {error}")
        return answer or {}

    def refused(self, operation, parameters, caller, code):
        """A call that AWS refuses with this error."""
        self.note(operation, parameters)
        _, error = self.send(operation, parameters, caller)
        self.same("the error", error and error.response["Error"]["Code"], code)

    def not_implemented(self, operation, parameters, caller):
        """A call with a member that the sandbox does not model, and says so."""
        self.note(operation, parameters)
        _, error = self.send(operation, parameters, caller)
        answer = error.response if error else {}
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        self.same("the status", status, 501)
        self.same("the error", answer.get("Error", {}).get("Code"), "NotImplemented")
        if "does not implement" not in answer.get("Error", {}).get("Message", ""):
            self.say("the message does not say what is not implemented")

    def the_rest(self, operation, parameters, caller):
        """Calls with each member that no call has set: the sandbox models none of them,
        and says so."""
        shape = self.model(operation).input_shape
        known = self.inputs.setdefault(operation, set())
        for name, member in shape.members.items():
            if f".{name}" not in known:
                asked = {**parameters, name: filled(member)}
                _, error = self.send(operation, asked, caller, validated=False)
                answer = error.response if error else {}
                status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
                self.same("the status", status, 501)
                known |= {f".{name}"} | members(member, f".{name}")

    def sweep(self, operation):
        """Calls with nothing, and with everything empty: whatever the answer, it is one
        of this operation."""
        shape = self.model(operation).input_shape
        if operation.startswith("s3."):
            # Without a bucket there is no request, and nothing is no header.
            return
        calls = [{}] if shape is None else [nothing(shape), emptied(shape)]
        for parameters in calls:
            for account in (EMPTY, FULL):
                _, error = self.send(operation, parameters, Caller(account), validated=False)
                status = error.response["ResponseMetadata"]["HTTPStatusCode"] if error else 200
                if status >= 500:
                    self.say(f"status {status}: {error}")

    def finish(self, operation):
        """What no call has tried."""
        self.now = operation
        if operation not in self.exercised:
            self.say("no call was answered: add one")
        wanted = members(self.model(operation).input_shape)
        wanted = {member for member in wanted
                  if not any(member.startswith(path) for path in self.not_looked_into)}
        for member in sorted(wanted - self.inputs.get(operation, set())):
            self.say(f"no call sets {member}: add one")


def nothing(shape):
    """No member, but for those that stand in the path: without them there is no request."""
    in_path = {name for name, member in shape.members.items()
               if member.serialization.get("location") == "uri"}
    return dict.fromkeys(in_path, "")


def filled(shape):
    """A value of a shape that is not empty."""
    if shape.type_name == "structure":
        return {name: filled(member) for name, member in shape.members.items()}
    full = {
        "list": lambda: [filled(shape.member)],
        "map": lambda: {"k": filled(shape.value)},
        "string": lambda: shape.enum[-1] if shape.enum else "1",
        "boolean": lambda: True,
        "timestamp": lambda: LONG_AGO,
    }
    return full.get(shape.type_name, lambda: 1)()


def emptied(shape):
    """A value of a shape that is as empty as it can be."""
    if shape.type_name == "structure":
        # Of what names the host to ask, there is no request.
        return {name: emptied(member) for name, member in shape.members.items()
                if "contextParam" not in member.metadata}
    empty = {
        "list": [],
        "map": {},
        "string": "",
        "blob": b"",
        "boolean": False,
        "timestamp": LONG_AGO,
    }
    return empty.get(shape.type_name, 0)


def sts(run):
    administrator = Caller(MANAGEMENT)
    for account in (MANAGEMENT, FULL, EMPTY):
        answer = run.call("sts.GetCallerIdentity", {}, Caller(account))
        run.same("Account", answer.get("Account"), account)

    role = f"arn:aws:iam::{MANAGEMENT}:role/audit/auditor"
    small = {"RoleArn": role, "RoleSessionName": "client", "ExternalId": "external-id"}
    policy = {"Version": "2012-10-17", "Id": "prüfen", "Statement": {
        "Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
    full = {
        **small,
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
        "Policy": json.dumps(policy, ensure_ascii=False),
        "DurationSeconds": 900,
        "Tags": [{"Key": "Größe", "Value": "鍵"}, {"Key": "leer", "Value": ""}],
        "TransitiveTagKeys": ["Größe"],
        "SerialNumber": f"arn:aws:iam::{MANAGEMENT}:mfa/token",
        "TokenCode": "123456",
        "SourceIdentity": "alice",
    }
    empty = {**small, "PolicyArns": [], "Tags": [], "TransitiveTagKeys": []}
    for asked in (full, empty, small):
        answer = run.call("sts.AssumeRole", asked, administrator)
        run.same("SourceIdentity", answer.get("SourceIdentity"), asked.get("SourceIdentity"))
        if "Credentials" in answer:
            session = run.call("sts.GetCallerIdentity", {}, Caller.of_session(answer))
            arn = f"arn:aws:sts::{MANAGEMENT}:assumed-role/auditor/client"
            run.same("Arn", session.get("Arn"), arn)
    run.refused("sts.AssumeRole", {**small, "ExternalId": "another"}, administrator, "AccessDenied")
    bad = {**small, "Policy": "{}"}
    run.refused("sts.AssumeRole", bad, administrator, "MalformedPolicyDocument")
    context = {"ProviderArn": role, "ContextAssertion": "Behauptung ✓"}
    asked = {**small, "ProvidedContexts": [context]}
    run.not_implemented("sts.AssumeRole", asked, administrator)

    root = {"TargetPrincipal": FULL, "TaskPolicyArn": {"arn": f"{TASK}IAMAuditRootUserCredentials"}}
    answer = run.call("sts.AssumeRoot", {**root, "DurationSeconds": 60}, administrator)
    if "Credentials" in answer:
        session = run.call("sts.GetCallerIdentity", {}, Caller.of_session(answer))
        run.same("Arn", session.get("Arn"), f"arn:aws:iam::{FULL}:root")
    own = {**root, "TargetPrincipal": MANAGEMENT}
    run.refused("sts.AssumeRoot", own, administrator, "AccessDenied")


def organizations(run):
    asked = {"AccountId": FULL}
    account = run.call("organizations.DescribeAccount", asked, Caller(MANAGEMENT)).get("Account", {})
    run.same("Name", account.get("Name"), "Alles, auch Schlüssel ✓ 鍵")
    run.same("State", account.get("State"), "ACTIVE")
    run.refused("organizations.DescribeAccount", asked, Caller(FULL), "AccessDeniedException")
    unknown = {"AccountId": "999999999999"}
    run.refused("organizations.DescribeAccount", unknown, Caller(MANAGEMENT), "AccountNotFoundException")


def root_session(run, account, task):
    asked = {"TargetPrincipal": account, "TaskPolicyArn": {"arn": TASK + task}}
    return Caller.of_session(run.call("sts.AssumeRoot", asked, Caller(MANAGEMENT)))


def iam_reads(run):
    for account, keys in ((FULL, 2), (EMPTY, 0)):
        summary = run.call("iam.GetAccountSummary", {}, Caller(account)).get("SummaryMap", {})
        run.same("AccountAccessKeysPresent", summary.get("AccountAccessKeysPresent"), keys)

    audit = {account: root_session(run, account, "IAMAuditRootUserCredentials")
             for account in (FULL, EMPTY)}
    for operation, items, count in (
        ("iam.ListAccessKeys", "AccessKeyMetadata", 2),
        ("iam.ListSigningCertificates", "Certificates", 2),
        ("iam.ListMFADevices", "MFADevices", 3),
    ):
        run.same(items, len(run.call(operation, {}, audit[FULL]).get(items, ())), count)
        run.same(items, run.call(operation, {}, audit[EMPTY]).get(items), [])
        paged(run, operation, items, count, {}, audit[FULL])
        named = {"UserName": "alice", "MaxItems": 1}
        run.refused(operation, named, Caller(FULL), "NoSuchEntity")
        run.refused(operation, {"UserName": "Zoë"}, Caller(FULL), "ValidationError")

    for key in ("AKIAROOTKEYEXAMPLE01", "AKIAROOTKEYEXAMPLE02"):
        run.call("iam.GetAccessKeyLastUsed", {"AccessKeyId": key}, audit[FULL])
    for caller in (audit[FULL], audit[EMPTY]):
        run.call("iam.GetUser", {}, caller)
    run.refused("iam.GetUser", {"UserName": "alice"}, Caller(FULL), "NoSuchEntity")
    run.call("iam.GetLoginProfile", {}, audit[FULL])
    run.refused("iam.GetLoginProfile", {}, audit[EMPTY], "NoSuchEntity")
    run.refused("iam.GetLoginProfile", {"UserName": "alice"}, Caller(FULL), "NoSuchEntity")

    operation, items = "iam.ListVirtualMFADevices", "VirtualMFADevices"
    for status, count in (("Any", 3), ("Assigned", 2), ("Unassigned", 1)):
        asked = {"AssignmentStatus": status}
        run.same(status, len(run.call(operation, asked, Caller(FULL)).get(items, ())), count)
    run.same(items, run.call(operation, {}, Caller(EMPTY)).get(items), [])
    paged(run, operation, items, 3, {"AssignmentStatus": "Any"}, Caller(FULL))

    run.call("iam.GetCredentialReport", {}, Caller(FULL))
    run.refused("iam.GetCredentialReport", {}, Caller(EMPTY), "ReportNotPresent")
    for state in ("STARTED", "COMPLETE", "COMPLETE"):
        answer = run.call("iam.GenerateCredentialReport", {}, Caller(EMPTY))
        run.same("State", answer.get("State"), state)
    content = run.call("iam.GetCredentialReport", {}, Caller(EMPTY)).get("Content", b"")
    run.same("the report's first column", content.split(b",")[0], b"user")


def paged(run, operation, items, count, asked, caller):
    """Reads a list one by one."""
    found, marker = 0, {}
    while found < count:
        answer = run.call(operation, {**asked, "MaxItems": 1, **marker}, caller)
        if len(answer.get(items, ())) != 1:
            return run.say(f"a page of {len(answer.get(items, ()))} {items}")
        found += 1
        run.same("IsTruncated", answer["IsTruncated"], found < count)
        marker = {"Marker": answer.get("Marker")}


def iam_deletes(run):
    session = root_session(run, FULL, "IAMDeleteRootUserCredentials")
    devices = run.call("iam.ListMFADevices", {}, session).get("MFADevices", [])
    virtual = [d["SerialNumber"] for d in devices if ":mfa/" in d["SerialNumber"]]
    for operation, asked in (
        ("iam.DeleteAccessKey", [{"AccessKeyId": "AKIAROOTKEYEXAMPLE01"}]),
        ("iam.DeleteSigningCertificate", [{"CertificateId": "TA7SMP42TDN5Z26OBPJE7EXAMPLE"}]),
        ("iam.DeactivateMFADevice", [{"SerialNumber": d["SerialNumber"]} for d in devices]),
        ("iam.DeleteVirtualMFADevice", [{"SerialNumber": serial} for serial in virtual]),
        ("iam.DeleteLoginProfile", [{}]),
    ):
        for parameters in asked:
            run.call(operation, parameters, session)
            run.refused(operation, parameters, session, "NoSuchEntity")
        if operation != "iam.DeleteVirtualMFADevice":
            named = {"UserName": "alice", **asked[0]}
            run.refused(operation, named, Caller(FULL), "NoSuchEntity")


def config(run, function):
    caller = Caller(FULL)
    source = {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": function,
        "SourceDetails": [{
            "EventSource": "aws.config",
            "MessageType": "ScheduledNotification",
            "MaximumExecutionFrequency": "One_Hour",
        }],
    }
    rule = {
        "ConfigRuleName": "prüfung ✓",
        "Description": NON_ASCII,
        "Scope": {
            "ComplianceResourceTypes": ["AWS::IAM::User"],
            "ComplianceResourceId": "Zoë",
        },
        "Source": source,
        "InputParameters": json.dumps({"Schlüssel": NON_ASCII}, ensure_ascii=False),
        "ConfigRuleState": "ACTIVE",
        "CreatedBy": "nobody",
        "EvaluationModes": [{"Mode": "DETECTIVE"}],
    }
    tags = [{"Key": "Größe", "Value": NON_ASCII}]
    run.call("config.PutConfigRule", {"ConfigRule": rule, "Tags": tags}, caller)
    answer = run.call("config.DescribeConfigRules", {"ConfigRuleNames": ["prüfung ✓"]}, caller)
    for known in answer.get("ConfigRules", ()):
        run.same("Description", known.get("Description"), NON_ASCII)
        run.same("InputParameters", known.get("InputParameters"), rule["InputParameters"])
        changed = {key: known[key] for key in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId")}
        scope = {"TagKey": "Größe", "TagValue": "✓"}
        snapshot = [{"EventSource": "aws.config",
                     "MessageType": "ConfigurationSnapshotDeliveryCompleted"}]
        changed |= {"Scope": scope, "MaximumExecutionFrequency": "Six_Hours",
                    "Source": {**source, "SourceDetails": snapshot}}
        run.call("config.PutConfigRule", {"ConfigRule": changed}, caller)
    guard = {"PolicyRuntime": "guard-2.x.x", "PolicyText": "rule r {}",
             "EnableDebugLogDelivery": True}
    by_policy = {**rule, "Source": {"Owner": "CUSTOM_POLICY", "CustomPolicyDetails": guard}}
    run.not_implemented("config.PutConfigRule", {"ConfigRule": by_policy}, caller)
    smallest = {"ConfigRuleName": "r", "Source": source}
    run.call("config.PutConfigRule", {"ConfigRule": smallest}, caller)

    for filters in ({}, {"Filters": {"EvaluationMode": "DETECTIVE"}}):
        run.call("config.DescribeConfigRules", filters, caller)
    run.same("ConfigRules", run.call("config.DescribeConfigRules", {}, Caller(EMPTY))
             .get("ConfigRules"), [])
    token = {"NextToken": "keine Seite"}
    run.refused("config.DescribeConfigRules", token, caller, "InvalidNextTokenException")
    return caller


def config_exceptions(run, caller):
    name = "client-rule"
    key = {"ResourceType": "AWS::::Account", "ResourceId": FULL}
    other = {"ResourceType": "AWS::IAM::User", "ResourceId": "niemand"}
    until = {"Message": NON_ASCII, "ExpirationTime": datetime.datetime(2099, 1, 1)}
    operation = "config.PutRemediationExceptions"
    asked = {"ConfigRuleName": name, "ResourceKeys": [key, other], **until}
    answer = run.call(operation, asked, caller)
    failed = [item["ResourceId"] for batch in answer.get("FailedBatches", ())
              for item in batch["FailedItems"]]
    run.same("FailedItems", failed, ["niemand"])
    unknown = {**asked, "ConfigRuleName": "gibt es nicht ✓"}
    run.refused(operation, unknown, caller, "InvalidParameterValueException")
    operation = "config.DescribeRemediationExceptions"
    for more, count in (({}, 1), ({"ResourceKeys": [other]}, 0), ({"Limit": 1}, 1)):
        answer = run.call(operation, {"ConfigRuleName": name, **more}, caller)
        found = answer.get("RemediationExceptions", ())
        run.same("RemediationExceptions", [one.get("Message") for one in found],
                 [NON_ASCII] * count)
    token = {"ConfigRuleName": name, "NextToken": "keine Seite"}
    run.refused(operation, token, caller, "InvalidNextTokenException")


def config_remediation(run, caller):
    name = "client-rule"
    role = "arn:aws:iam::222222222222:role/runbook"
    configuration = {
        "ConfigRuleName": name, "TargetType": "SSM_DOCUMENT", "TargetId": "rootguard-prüfung",
        "TargetVersion": "1", "ResourceType": "AWS::::Account", "Automatic": True,
        "Parameters": {"AccountId": {"ResourceValue": {"Value": "RESOURCE_ID"}},
                       "AutomationAssumeRole": {"StaticValue": {"Values": [role]}}},
        "ExecutionControls": {"SsmControls": {"ConcurrentExecutionRatePercentage": 10,
                                              "ErrorPercentage": 50}},
        "MaximumAutomaticAttempts": 3, "RetryAttemptSeconds": 86400,
        "Arn": "arn:aws:config:eu-west-1:222222222222:remediation-configuration/a",
        "CreatedByService": "niemand",
    }
    operation = "config.PutRemediationConfigurations"
    run.call(operation, {"RemediationConfigurations": [configuration]}, caller)
    unknown = {**configuration, "ConfigRuleName": "gibt es nicht ✓"}
    for wrong in (unknown, {**configuration, "Parameters": {}}):
        asked = {"RemediationConfigurations": [wrong]}
        run.refused(operation, asked, caller, "InvalidParameterValueException")
    asked = {"ConfigRuleNames": [name, "gibt es nicht ✓"]}
    answer = run.call("config.DescribeRemediationConfigurations", asked, caller)
    run.same("RemediationConfigurations", answer.get("RemediationConfigurations"), [configuration])
    run.refused("config.DeleteConfigRule", {"ConfigRuleName": name}, caller,
                "ResourceInUseException")
    operation = "config.DeleteRemediationConfiguration"
    asked = {"ConfigRuleName": name, "ResourceType": "AWS::::Account"}
    run.call(operation, asked, caller)
    run.refused(operation, asked, caller, "NoSuchRemediationConfigurationException")


def config_aggregator(run, caller):
    operation = "config.PutConfigurationAggregator"
    management = Caller(MANAGEMENT)
    name = {"ConfigurationAggregatorName": "alle"}
    source = {"RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/aggregator"}
    tags = [{"Key": "Größe", "Value": NON_ASCII}]
    everywhere = {**name, "OrganizationAggregationSource": {**source, "AllAwsRegions": True}}
    run.call(operation, {**everywhere, "Tags": tags}, management)
    here = {**everywhere, "OrganizationAggregationSource": {**source, "AwsRegions": [REGION]}}
    run.call(operation, here, management)
    run.refused(operation, everywhere, caller, "OrganizationAccessDeniedException")
    run.refused(operation, name, management, "InvalidParameterValueException")
    accounts = {"AccountIds": [FULL], "AllAwsRegions": True}
    run.not_implemented(operation, {**name, "AccountAggregationSources": [accounts]}, management)
    accounts = {"AccountIds": [FULL], "AwsRegions": [REGION]}
    run.not_implemented(operation, {**name, "AccountAggregationSources": [accounts]}, management)
    include = {"Type": "INCLUDE", "Value": ["AWS::IAM::User"]}
    run.not_implemented(operation, {**here, "AggregatorFilters": {
        "ResourceType": include, "ServicePrincipal": {**include, "Value": ["p"]}}}, management)

    operation = "config.DescribeConfigurationAggregators"
    for asked in ({}, {"ConfigurationAggregatorNames": ["alle"]}, {"Limit": 1}):
        answer = run.call(operation, asked, management)
        found = [one["OrganizationAggregationSource"].get("AwsRegions")
                 for one in answer.get("ConfigurationAggregators", ())]
        run.same("ConfigurationAggregators", found, [[REGION]])
    run.refused(operation, {"NextToken": "keine Seite"}, management, "InvalidNextTokenException")
    run.refused(operation, {"ConfigurationAggregatorNames": ["andere"]}, management,
                "NoSuchConfigurationAggregatorException")

    operation = "config.DescribeAggregateComplianceByConfigRules"
    filters = {"ConfigRuleName": "client-rule", "ComplianceType": "NON_COMPLIANT",
               "AccountId": FULL, "AwsRegion": REGION}
    for asked, count in (({"Filters": filters}, 1), ({"Limit": 1}, 1),
                         ({"Filters": {**filters, "AccountId": EMPTY}}, 0)):
        answer = run.call(operation, {**name, **asked}, management)
        found = [one["AccountId"] for one in answer.get("AggregateComplianceByConfigRules", ())]
        run.same("AggregateComplianceByConfigRules", found, [FULL] * count)
    token = {**name, "NextToken": "keine Seite"}
    run.refused(operation, token, management, "InvalidNextTokenException")
    run.refused(operation, name, caller, "NoSuchConfigurationAggregatorException")

    operation = "config.GetAggregateComplianceDetailsByConfigRule"
    asked = {**name, "ConfigRuleName": "client-rule", "AccountId": FULL, "AwsRegion": REGION}
    found, page = [], {}
    while True:
        limit = {"ComplianceType": "NON_COMPLIANT", "Limit": 5}
        answer = run.call(operation, {**asked, **limit, **page}, management)
        found += answer.get("AggregateEvaluationResults", ())
        if "NextToken" not in answer:
            break
        page = {"NextToken": answer["NextToken"]}
    run.same("AggregateEvaluationResults", len(found), 12)
    run.same("AccountId", {one["AccountId"] for one in found}, {FULL})
    elsewhere = run.call(operation, {**asked, "AccountId": EMPTY}, management)
    run.same("AggregateEvaluationResults", elsewhere.get("AggregateEvaluationResults"), [])


def config_results(run, caller, result_token):
    now = datetime.datetime.now(datetime.timezone.utc)
    evaluation = {
        "ComplianceResourceType": "AWS::::Account",
        "ComplianceResourceId": FULL,
        "ComplianceType": "NON_COMPLIANT",
        "Annotation": NON_ASCII,
        "OrderingTimestamp": now,
    }
    others = [{**evaluation, "ComplianceResourceType": "AWS::IAM::User",
               "ComplianceResourceId": f"Zoë {number}"} for number in range(11)]
    for other in others[1:]:
        del other["Annotation"]
    asked = {"Evaluations": [evaluation, *others], "ResultToken": result_token}
    run.call("config.PutEvaluations", {**asked, "TestMode": False}, caller)
    run.call("config.PutEvaluations", {"Evaluations": [], "ResultToken": result_token}, caller)
    tested = {"Evaluations": [evaluation], "ResultToken": "TESTMODE", "TestMode": True}
    run.call("config.PutEvaluations", tested, caller)
    wrong = {**asked, "ResultToken": "ein anderes ✓"}
    run.refused("config.PutEvaluations", wrong, caller, "InvalidResultTokenException")
    # The test has set this account up to fail every evaluation.
    failing = {**tested, "Evaluations": [evaluation, others[1]]}
    answer = run.call("config.PutEvaluations", failing, Caller(EMPTY))
    failed = [(one["ComplianceResourceId"], one.get("Annotation"))
              for one in answer.get("FailedEvaluations", ())]
    run.same("FailedEvaluations", failed, [(FULL, NON_ASCII), ("Zoë 1", None)])

    name = "client-rule"
    types = ["COMPLIANT", "NON_COMPLIANT"]
    first = {"ConfigRuleName": name, "ComplianceTypes": types, "Limit": 5}
    found, page = [], {}
    while True:
        answer = run.call("config.GetComplianceDetailsByConfigRule", {**first, **page}, caller)
        found += answer.get("EvaluationResults", ())
        if "NextToken" not in answer:
            break
        page = {"NextToken": answer["NextToken"]}
    run.same("EvaluationResults", len(found), 12)
    annotations = [result.get("Annotation") for result in found if "Annotation" in result]
    run.same("Annotation", annotations, [NON_ASCII] * 2)
    none = {"ConfigRuleName": "gibt es nicht ✓"}
    for operation in ("config.GetComplianceDetailsByConfigRule", "config.DeleteConfigRule"):
        run.refused(operation, none, caller, "NoSuchConfigRuleException")
    run.call("config.GetComplianceDetailsByConfigRule", {"ConfigRuleName": "r"}, caller)

    resource = {"ResourceType": "AWS::IAM::User", "ResourceId": "Zoë 0"}
    operation = "config.GetComplianceDetailsByResource"
    for more, count in (({}, 1), ({"ComplianceTypes": types}, 1), ({"ResourceId": "niemand"}, 0)):
        answer = run.call(operation, {**resource, **more}, caller)
        run.same("EvaluationResults", len(answer.get("EvaluationResults", ())), count)
    bad = {"NextToken": "keine Seite", "ResourceEvaluationId": "1"}
    run.refused(operation, {**resource, **bad}, caller, "InvalidParameterValueException")

    operation = "config.DescribeComplianceByConfigRule"
    asked = {"ConfigRuleNames": [name], "ComplianceTypes": ["NON_COMPLIANT"]}
    answer = run.call(operation, asked, caller)
    for rule in answer.get("ComplianceByConfigRules", ()):
        count = rule["Compliance"].get("ComplianceContributorCount", {}).get("CappedCount")
        run.same("CappedCount", count, 12)
    run.call(operation, {}, caller)
    run.refused(operation, {"NextToken": "keine Seite"}, caller, "InvalidNextTokenException")

    config_exceptions(run, caller)
    config_remediation(run, caller)
    config_aggregator(run, caller)

    operation = "config.StartConfigRulesEvaluation"
    run.call(operation, {"ConfigRuleNames": [name]}, caller)
    run.refused(operation, {"ConfigRuleNames": [name]}, caller, "LimitExceededException")
    run.call("config.DeleteConfigRule", {"ConfigRuleName": "r"}, caller)


def main():
    asked = json.load(sys.stdin)
    run = Run(asked["endpoint"])
    operations = [f"{CLIENTS.get(service, service)}.{name}" for service, name in asked["operations"]]
    sts(run)
    iam_reads(run)
    caller = config(run, asked["function"])
    config_results(run, caller, asked["resultToken"])
    iam_deletes(run)
    organizations(run)
    boto3_cloudformation.calls(run, Caller(MANAGEMENT), Caller(FULL), Caller(EMPTY), NON_ASCII)
    boto3_cloudtrail.calls(run, Caller(MANAGEMENT), Caller(FULL), Caller(EMPTY))
    boto3_cloudwatch.calls(run, Caller(FULL), Caller(EMPTY))
    boto3_logs.calls(run, Caller(FULL), Caller(EMPTY))
    for service in (
        boto3_s3,
        boto3_sns,
        boto3_sqs,
        boto3_ssm,
        boto3_events,
        boto3_kms,
        boto3_lambda,
        boto3_securityhub,
        boto3_trials,
    ):
        service.calls(run, Caller(FULL), Caller(EMPTY), NON_ASCII)
    boto3_organizations.calls(run, Caller(MANAGEMENT), Caller(FULL))
    boto3_administration.calls(run, Caller(MANAGEMENT), Caller(FULL), Caller(EMPTY))
    for operation in operations:
        run.sweep(operation)
        run.finish(operation)
    for operation in sorted(set(run.exercised) - set(operations)):
        run.problems.append(f"{operation} is not in the sandbox's table")
    run.now = "all calls"
    run.same("the number of checked answers", run.checked, run.sent)
    json.dump({"exercised": run.exercised, "problems": run.problems}, sys.stdout)


if __name__ == "__main__":
    main()
