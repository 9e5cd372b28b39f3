"""Calls every operation of SNS that the sandbox has."""

import json

REGION = "eu-west-1"
ACCOUNT = "222222222222"
ATTRIBUTES = {
    "DeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}),
    "HTTPSuccessFeedbackSampleRate": "100",
    "KmsMasterKeyId": "alias/aws/sns",
    "SignatureVersion": "2",
    "TracingConfig": "Active",
}


def calls(run, full, empty, non_ascii):
    arn = topics(run, full, empty, non_ascii)
    subscriptions(run, full, empty, arn)
    publishing(run, full, empty, arn, non_ascii)
    many(run, full)
    run.call("sns.DeleteTopic", {"TopicArn": arn}, full)
    run.call("sns.DeleteTopic", {"TopicArn": arn}, full)
    for operation in ("sns.GetTopicAttributes", "sns.ListSubscriptionsByTopic"):
        run.refused(operation, {"TopicArn": arn}, full, "NotFound")
    run.refused("sns.DeleteTopic", {"TopicArn": arn}, empty, "AuthorizationError")


def topics(run, full, empty, non_ascii):
    policy = {"Version": "2012-10-17", "Id": "größe", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]}
    attributes = {**ATTRIBUTES, "DisplayName": non_ascii,
                  "Policy": json.dumps(policy, ensure_ascii=False)}
    asked = {"Name": "wurzel", "Attributes": attributes,
             "Tags": [{"Key": "Größe", "Value": non_ascii}, {"Key": "leer", "Value": ""}]}
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:wurzel"
    for _ in range(2):
        run.same("TopicArn", run.call("sns.CreateTopic", asked, full).get("TopicArn"), arn)
    other = {"Name": "wurzel", "Attributes": {"DisplayName": "anders"}}
    run.refused("sns.CreateTopic", other, full, "InvalidParameter")
    run.refused("sns.CreateTopic", {"Name": "größe"}, full, "InvalidParameter")
    protected = {"Name": "geschützt", "DataProtectionPolicy": non_ascii}
    run.not_implemented("sns.CreateTopic", protected, full)
    queue = {"Name": "reihe.fifo", "Attributes": {
        "FifoTopic": "true", "ContentBasedDeduplication": "true"}, "Tags": []}
    run.call("sns.CreateTopic", queue, empty)

    run.call("sns.ListTagsForResource", {"ResourceArn": arn}, full)
    shown = run.call("sns.GetTopicAttributes", {"TopicArn": arn}, full).get("Attributes", {})
    for name, value in attributes.items():
        run.same(name, shown.get(name), value)
    asked = {"TopicArn": arn, "AttributeName": "DisplayName", "AttributeValue": non_ascii[::-1]}
    run.call("sns.SetTopicAttributes", asked, full)
    run.call("sns.SetTopicAttributes", {"TopicArn": arn, "AttributeName": "DisplayName"}, full)
    shown = run.call("sns.GetTopicAttributes", {"TopicArn": arn}, full).get("Attributes", {})
    run.same("DisplayName", shown.get("DisplayName"), "")
    bad = {"TopicArn": arn, "AttributeName": "Größe", "AttributeValue": non_ascii}
    run.refused("sns.SetTopicAttributes", bad, full, "InvalidParameter")
    run.refused("sns.GetTopicAttributes", {"TopicArn": arn}, empty, "AuthorizationError")
    run.refused("sns.GetTopicAttributes", {"TopicArn": "größe"}, full, "InvalidParameter")
    return arn


def publishing(run, full, empty, topic, non_ascii):
    attributes = {
        "art": {"DataType": "String", "StringValue": non_ascii},
        "bild": {"DataType": "Binary", "BinaryValue": "größe".encode()},
    }
    words = {"default": non_ascii, "sqs": "{}"}
    asked = {"TopicArn": topic, "Subject": "Somebody used root", "MessageStructure": "json",
             "Message": json.dumps(words, ensure_ascii=False), "MessageAttributes": attributes}
    if not run.call("sns.Publish", asked, full).get("MessageId"):
        run.say("no MessageId")
    run.call("sns.Publish", {"TopicArn": topic, "Message": non_ascii}, full)
    for wrong in ({"Subject": "größe"}, {"Subject": "x" * 101}, {"Subject": "a\nb"},
                  {"Message": "kein JSON"}, {"Message": "{}"}, {"MessageStructure": "xml"},
                  {"MessageAttributes": {"leer": {"DataType": "String", "StringValue": ""}}}):
        run.refused("sns.Publish", {**asked, **wrong}, full, "InvalidParameter")
    run.call("sns.Publish", {**asked, "MessageGroupId": "x"}, full)
    again = {**asked, "MessageDeduplicationId": "x"}
    run.refused("sns.Publish", again, full, "InvalidParameter")
    for other in ("TargetArn", "PhoneNumber"):
        run.not_implemented("sns.Publish", {**asked, other: "x"}, full)
    run.refused("sns.Publish", {**asked, "TopicArn": f"{topic}-x"}, full, "NotFound")
    run.refused("sns.Publish", asked, empty, "AuthorizationError")


def subscriptions(run, full, empty, topic):
    endpoint = "zoë@example.com"
    attributes = {
        "FilterPolicy": json.dumps({"alarm": ["größe ✓"]}, ensure_ascii=False),
        "FilterPolicyScope": "MessageBody",
        "RawMessageDelivery": "false",
    }
    mail = {"TopicArn": topic, "Protocol": "email", "Endpoint": endpoint}
    answer = run.call("sns.Subscribe", mail, full)
    run.same("SubscriptionArn", answer.get("SubscriptionArn"), "pending confirmation")
    asked = {**mail, "Endpoint": "b@example.com", "Attributes": attributes,
             "ReturnSubscriptionArn": True}
    arn = run.call("sns.Subscribe", asked, full).get("SubscriptionArn", "")
    run.refused("sns.Subscribe", {**mail, "Protocol": "größe"}, full, "InvalidParameter")
    run.refused("sns.Subscribe", mail, empty, "AuthorizationError")

    listed = run.call("sns.ListSubscriptionsByTopic", {"TopicArn": topic}, full)
    listed = listed.get("Subscriptions", ())
    run.same("SubscriptionArn", [one["SubscriptionArn"] for one in listed],
             ["PendingConfirmation"] * 2)
    run.same("Endpoint", listed and listed[0]["Endpoint"], endpoint)
    confirm = {"TopicArn": topic, "Token": arn.rpartition(":")[2],
               "AuthenticateOnUnsubscribe": "true"}
    answer = run.call("sns.ConfirmSubscription", confirm, full)
    run.same("SubscriptionArn", answer.get("SubscriptionArn"), arn)
    bad = {**confirm, "Token": "größe"}
    run.refused("sns.ConfirmSubscription", bad, full, "InvalidParameter")

    one = {"SubscriptionArn": arn}
    shown = run.call("sns.GetSubscriptionAttributes", one, full).get("Attributes", {})
    for name, value in {**attributes, "PendingConfirmation": "false",
                        "ConfirmationWasAuthenticated": "true"}.items():
        run.same(name, shown.get(name), value)
    change = {**one, "AttributeName": "FilterPolicy", "AttributeValue": '{"größe": ["✓"]}'}
    run.call("sns.SetSubscriptionAttributes", change, full)
    run.call("sns.SetSubscriptionAttributes", {**one, "AttributeName": "FilterPolicy"}, full)
    shown = run.call("sns.GetSubscriptionAttributes", one, full).get("Attributes", {})
    run.same("FilterPolicy", shown.get("FilterPolicy"), None)
    run.refused("sns.GetSubscriptionAttributes", one, empty, "AuthorizationError")
    run.call("sns.Unsubscribe", one, full)
    for operation in ("sns.Unsubscribe", "sns.GetSubscriptionAttributes"):
        run.refused(operation, one, full, "NotFound")
    run.same("Subscriptions", run.call("sns.ListSubscriptions", {}, empty).get("Subscriptions"), [])


def many(run, full):
    """More than a page of topics and of subscriptions."""
    for number in range(101):
        run.call("sns.CreateTopic", {"Name": f"topic-{number}"}, full)
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic-0"
    for number in range(101):
        asked = {"TopicArn": topic, "Protocol": "sqs",
                 "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{number}"}
        run.call("sns.Subscribe", asked, full)
    by_topic = {"TopicArn": topic}
    for operation, items, asked, least in (
        ("sns.ListTopics", "Topics", {}, 102),
        ("sns.ListSubscriptions", "Subscriptions", {}, 103),
        ("sns.ListSubscriptionsByTopic", "Subscriptions", by_topic, 101),
    ):
        first = run.call(operation, asked, full)
        run.same(items, len(first.get(items, ())), 100)
        rest = run.call(operation, {**asked, "NextToken": first.get("NextToken", "")}, full)
        run.same(items, len(rest.get(items, ())), least - 100)
        run.same("NextToken", rest.get("NextToken"), None)
        bad = {**asked, "NextToken": "keine Seite"}
        run.refused(operation, bad, full, "InvalidParameter")
