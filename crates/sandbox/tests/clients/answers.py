"""Checks raw answers against botocore's model of the service.

botocore's parsers drop members that they do not know and leave out those that are
missing, so a client notices neither. Here the raw XML or JSON is compared with the
output shape of the operation, all the way down: no unknown member, no required one
missing, none twice, every value of its type, enumeration and size.
"""

import base64
import binascii
import json
import re
from xml.etree import ElementTree

TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z")
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
INTEGER = re.compile(r"-?\d+")
INTEGER_LIMITS = {"integer": 2**31, "long": 2**63}
NUMBERS = ("integer", "long", "float", "double")

# Where AWS's own answers leave the model: the id of a root user is that of its account,
# twelve digits, and ids have at least sixteen characters.
SHORTER = {("IAM", "idType"): 12}

# Events tell of stacks what their model knows of resources only.
FURTHER = {("CloudFormation", "ResourceStatus"):
           {"REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}}

# What any operation may answer: the pages "Common Error Types" of the services' API
# references. Everything else must be an error of the operation's model.
COMMON_ERRORS = {
    "query": {
        "AccessDenied",
        "ExpiredToken",
        "InternalFailure",
        "InvalidClientTokenId",
        "InvalidParameterValue",
        "MalformedInput",
        "MissingParameter",
        "Throttling",
        "ValidationError",
    },
    "json": {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InternalFailure",
        "InvalidParameterValueException",
        "MissingRequiredParameterException",
        "SerializationException",
        "ThrottlingException",
        "UnrecognizedClientException",
        "ValidationException",
    },
    # S3's own list, as far as the sandbox has it: its model names hardly any.
    "rest-xml": {
        "AccessDenied",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidArgument",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchVersion",
        "NotFound",
        "PermanentRedirect",
        "SlowDown",
    },
    "rest-json": {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidRequestContentException",
        "SerializationException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    },
}


# Codes that SQS gave while it spoke awsQuery. Its model has only the names of today.
NAMES_OF_OLD_CODES = {
    "AWS.SimpleQueueService.EmptyBatchRequest": "EmptyBatchRequest",
    "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
}


def problems(operation, status, headers, body):
    """What is wrong with an answer: one line each, with the path of the member."""
    protocol = operation.service_model.resolved_protocol
    if protocol not in COMMON_ERRORS:
        return [f"no check of the protocol {protocol} yet: write one here"]
    found = []
    id_header = "x-amz-request-id" if protocol == "rest-xml" else "x-amzn-requestid"
    if not headers.get(id_header):
        found.append(f"no {id_header} header")
    if protocol == "rest-xml":
        check = RestXmlCheck(operation, found, headers)
        check.answer(body) if status == 200 else check.error(status, body)
        return found
    kind = headers.get("content-type", "")
    try:
        text = body.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        return [*found, f"not UTF-8: {error}"]
    if protocol == "query":
        if kind.split(";")[0] != "text/xml":
            found.append(f"content type {kind!r}")
        check = XmlCheck(operation, found)
    elif protocol == "rest-json":
        if kind != "application/json":
            found.append(f"content type {kind!r}")
        check = RestJsonCheck(operation, found, headers)
    else:
        version = operation.service_model.metadata["jsonVersion"]
        if kind != f"application/x-amz-json-{version}":
            found.append(f"content type {kind!r}")
        check = JsonCheck(operation, found)
    if status == operation.http.get("responseCode", 200):
        check.answer(text)
    else:
        check.error(status, text)
        check.query_error(status, headers.get("x-amzn-query-error"))
    return found


class Check:
    """What the checks of all protocols share."""

    def __init__(self, operation, found):
        self.operation = operation
        self.found = found

    def say(self, path, what):
        self.found.append(f"{path}: {what}")

    def sized(self, shape, path, size):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        service = self.operation.service_model.service_id
        low = SHORTER.get((service, shape.name), low)
        if low is not None and size < low:
            self.say(path, f"{size} is less than {low}")
        if high is not None and size > high:
            self.say(path, f"{size} is more than {high}")

    def string(self, shape, path, text):
        service = self.operation.service_model.service_id
        further = FURTHER.get((service, shape.name), ())
        if shape.enum and text not in shape.enum and text not in further:
            self.say(path, f"{text!r} is not one of {shape.enum}")
        self.sized(shape, path, len(text))

    def number(self, shape, path, number):
        limit = INTEGER_LIMITS.get(shape.type_name)
        if limit and not -limit <= number < limit:
            self.say(path, f"{number} is no {shape.type_name}")
        self.sized(shape, path, number)

    def blob(self, shape, path, text):
        try:
            self.sized(shape, path, len(base64.b64decode(text, validate=True)))
        except binascii.Error as error:
            self.say(path, f"not base64: {error}")

    def required(self, shape, path, present):
        for name in shape.required_members:
            if name not in present:
                self.say(path, f"{name} is missing")

    def error_code(self, status, code, protocol):
        """Holds a code to the model: awsQuery has codes of its own, the others the
        names of the shapes."""
        modelled = {}
        for shape in self.operation.error_shapes:
            error = shape.metadata.get("error", {})
            name = error.get("code", shape.name) if protocol == "query" else shape.name
            modelled[name] = error.get("httpStatusCode")
        if code not in modelled and code not in COMMON_ERRORS[protocol]:
            self.say("error", f"{code} is no error of this operation")
        expected = modelled.get(code)
        if expected and status != expected:
            self.say("error", f"{code} has the status {expected}, not {status}")

    def query_error(self, status, header):
        """What services that spoke awsQuery before say in a header."""
        if "awsQueryCompatible" not in self.operation.service_model.metadata:
            if header is not None:
                self.say("error", f"x-amzn-query-error: {header}")
            return
        code, _, to_blame = (header or "").partition(";")
        if to_blame != ("Sender" if status < 500 else "Receiver"):
            self.say("error", f"x-amzn-query-error blames {to_blame!r}")
        self.error_code(status, NAMES_OF_OLD_CODES.get(code, code), "query")


class XmlCheck(Check):
    """Answers of the query protocol."""

    def element(self, text):
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            self.say("answer", f"no XML: {error}")
            return None
        namespace = self.operation.service_model.metadata["xmlNamespace"]
        for element in root.iter():
            if not element.tag.startswith(f"{{{namespace}}}"):
                self.say(element.tag, f"not in the namespace {namespace}")
            element.tag = element.tag.rpartition("}")[2]
            if element.attrib:
                self.say(element.tag, f"attributes {sorted(element.attrib)}")
        return root

    def answer(self, text):
        root = self.element(text)
        if root is None:
            return
        name = self.operation.name
        if root.tag != f"{name}Response":
            self.say(root.tag, f"should be {name}Response")
        shape = self.operation.output_shape
        expected = ["ResponseMetadata"]
        if shape is not None:
            expected.insert(0, shape.serialization["resultWrapper"])
        tags = [child.tag for child in root]
        if tags != expected:
            self.say(root.tag, f"has {tags}, should have {expected}")
            return
        self.leaves(root[-1], {"RequestId"})
        if shape is not None:
            self.value(shape, name, root[0])

    def error(self, status, text):
        root = self.element(text)
        if root is None:
            return
        tags = [child.tag for child in root]
        if root.tag != "ErrorResponse" or tags != ["Error", "RequestId"]:
            self.say(root.tag, f"has {tags}, should be ErrorResponse of Error, RequestId")
            return
        leaves = self.leaves(root[0], {"Type", "Code", "Message"})
        if leaves.get("Type") not in ("Sender", "Receiver"):
            self.say("Error", f"type {leaves.get('Type')!r}")
        self.error_code(status, leaves.get("Code"), "query")

    def leaves(self, element, names):
        values = {child.tag: child.text for child in element}
        if set(values) != names or len(element) != len(names):
            self.say(element.tag, f"has {[c.tag for c in element]}, should have {sorted(names)}")
        return values

    def value(self, shape, path, element):
        handler = getattr(self, shape.type_name, None)
        if handler is not None and shape.type_name in ("structure", "list", "map"):
            if (element.text or "").strip():
                self.say(path, f"text {element.text!r} in a {shape.type_name}")
            handler(shape, path, element)
            return
        if len(element):
            self.say(path, f"elements in a {shape.type_name}")
            return
        text = element.text or ""
        if shape.type_name == "string":
            self.string(shape, path, text)
        elif shape.type_name == "blob":
            self.blob(shape, path, text)
        elif shape.type_name == "boolean":
            if text not in ("true", "false"):
                self.say(path, f"{text!r} is no boolean")
        elif shape.type_name == "timestamp":
            if not TIMESTAMP.fullmatch(text):
                self.say(path, f"{text!r} is no timestamp")
        elif shape.type_name in INTEGER_LIMITS:
            if INTEGER.fullmatch(text):
                self.number(shape, path, int(text))
            else:
                self.say(path, f"{text!r} is no {shape.type_name}")
        else:
            self.say(path, f"no check of the type {shape.type_name} yet: write one here")

    def structure(self, shape, path, element):
        members = {}
        for name, member in shape.members.items():
            tag = member.serialization.get("name", name)
            if member.type_name == "list" and member.serialization.get("flattened"):
                self.say(path, "no check of flattened lists yet: write one here")
            members[tag] = (name, member)
        present = set()
        for child in element:
            if child.tag not in members:
                self.say(path, f"unknown member {child.tag}")
                continue
            name, member = members[child.tag]
            if name in present:
                self.say(path, f"{name} stands twice")
            present.add(name)
            self.value(member, f"{path}.{name}", child)
        self.required(shape, path, present)

    def list(self, shape, path, element):
        self.sized(shape, path, len(element))
        tag = shape.member.serialization.get("name", "member")
        for index, child in enumerate(element):
            if child.tag != tag:
                self.say(path, f"item {child.tag}, should be {tag}")
            self.value(shape.member, f"{path}[{index}]", child)

    def map(self, shape, path, element):
        key_tag = shape.key.serialization.get("name", "key")
        value_tag = shape.value.serialization.get("name", "value")
        keys = set()
        for index, entry in enumerate(element):
            tags = [child.tag for child in entry]
            if entry.tag != "entry" or tags != [key_tag, value_tag]:
                self.say(path, f"{entry.tag} of {tags}, should be entry of {key_tag}, {value_tag}")
                continue
            key = entry[0].text or ""
            if key in keys:
                self.say(path, f"the key {key!r} stands twice")
            keys.add(key)
            self.value(shape.key, f"{path}<{index}>", entry[0])
            self.value(shape.value, f"{path}[{key!r}]", entry[1])


class RestXmlCheck(Check):
    """Answers of S3: members in headers, an object as body, errors in XML."""

    NOT_OF_THE_OPERATION = {"connection", "date", "transfer-encoding", "x-amz-request-id"}

    def __init__(self, operation, found, headers):
        super().__init__(operation, found)
        self.headers = headers

    def answer(self, body):
        shape = self.operation.output_shape
        known = {member.serialization.get("name", "").lower(): (name, member)
                 for name, member in shape.members.items()
                 if member.serialization.get("location") == "header"}
        for header, text in self.headers.items():
            if header.lower() in known:
                name, member = known[header.lower()]
                if member.type_name == "string":
                    self.string(member, name, text)
                elif member.type_name in INTEGER_LIMITS and not INTEGER.fullmatch(text):
                    self.say(name, f"{text!r} is no {member.type_name}")
                elif member.type_name == "timestamp" and not HTTP_DATE.fullmatch(text):
                    self.say(name, f"{text!r} is no date of HTTP")
            elif header.lower() not in self.NOT_OF_THE_OPERATION | {"content-length"}:
                self.say(header, "is no member of the answer")
        if body and "payload" not in shape.serialization:
            self.say("answer", f"a body of {len(body)} bytes")

    def error(self, status, body):
        if self.operation.http["method"] == "HEAD":
            if body:
                self.say("error", "a body")
            return
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError as error:
            self.say("error", f"no XML: {error}")
            return
        tags = [child.tag for child in root]
        if root.tag != "Error" or tags != ["Code", "Message", "RequestId"]:
            self.say(root.tag, f"has {tags}, should be Error of Code, Message, RequestId")
            return
        self.error_code(status, root.findtext("Code"), "rest-xml")


class JsonCheck(Check):
    """Answers of the JSON protocols."""

    def document(self, text):
        def once(pairs):
            names = [name for name, _ in pairs]
            for name in {name for name in names if names.count(name) > 1}:
                self.say("answer", f"{name} stands twice")
            return dict(pairs)

        try:
            return json.loads(text, object_pairs_hook=once)
        except ValueError as error:
            self.say("answer", f"no JSON: {error}")
            return None

    def answer(self, text):
        shape = self.operation.output_shape
        if shape is None:
            if text not in ("", "{}"):
                self.say("answer", f"{text!r}, should be empty")
            return
        value = self.document(text)
        if value is not None:
            self.value(shape, self.operation.name, value)

    def error(self, status, text):
        value = self.document(text)
        if not isinstance(value, dict):
            self.say("error", f"{text!r} is no object")
            return
        for name in set(value) - {"__type", "message", "Message"}:
            self.say("error", f"unknown member {name}")
        if not isinstance(value.get("message", value.get("Message", "")), str):
            self.say("error", "the message is no string")
        self.error_code(status, str(value.get("__type")).rpartition("#")[2], "json")

    def value(self, shape, path, value):
        expected = {
            "structure": dict,
            "map": dict,
            "list": list,
            "string": str,
            "blob": str,
            "boolean": bool,
            "integer": int,
            "long": int,
            "float": (int, float),
            "double": (int, float),
            "timestamp": (int, float),
        }[shape.type_name]
        right = isinstance(value, expected)
        if isinstance(value, bool) and shape.type_name != "boolean":
            right = False
        if not right:
            self.say(path, f"{value!r} is no {shape.type_name}")
        elif shape.type_name == "structure":
            for name in set(value) - set(shape.members):
                self.say(path, f"unknown member {name}")
            self.required(shape, path, value)
            for name in set(value) & set(shape.members):
                self.value(shape.members[name], f"{path}.{name}", value[name])
        elif shape.type_name == "list":
            self.sized(shape, path, len(value))
            for index, item in enumerate(value):
                self.value(shape.member, f"{path}[{index}]", item)
        elif shape.type_name == "map":
            for key, item in value.items():
                self.value(shape.key, f"{path}<{key!r}>", key)
                self.value(shape.value, f"{path}[{key!r}]", item)
        elif shape.type_name == "string":
            self.string(shape, path, value)
        elif shape.type_name == "blob":
            self.blob(shape, path, value)
        elif shape.type_name in NUMBERS:
            self.number(shape, path, value)


class RestJsonCheck(JsonCheck):
    """Answers of restJson1: the code of an error is in a header."""

    def __init__(self, operation, found, headers):
        super().__init__(operation, found)
        self.headers = headers

    def error(self, status, text):
        value = self.document(text)
        if not isinstance(value, dict):
            self.say("error", f"{text!r} is no object")
            return
        for name in set(value) - {"Type", "message", "Message"}:
            self.say("error", f"unknown member {name}")
        if value.get("Type") not in ("User", "Service"):
            self.say("error", f"type {value.get('Type')!r}")
        if not isinstance(value.get("message", value.get("Message")), str):
            self.say("error", "the message is no string")
        code = self.headers.get("x-amzn-errortype", "").partition(":")[0]
        self.error_code(status, code, "rest-json")
