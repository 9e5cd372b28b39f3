"""Calls every operation of SQS that the sandbox has."""

URL = "https://sqs.eu-west-1.amazonaws.com/222222222222/aktivitaet"


def calls(run, full, empty, non_ascii):
    attributes = {
        "grund": {"DataType": "String", "StringValue": non_ascii},
        "bild": {"DataType": "Binary", "BinaryValue": "größe".encode()},
    }
    listed = {"StringListValues": [], "BinaryListValues": []}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1", **listed}}
    trace["AWSTraceHeader"]["BinaryValue"] = b""
    asked = {"QueueUrl": URL, "MessageBody": non_ascii, "DelaySeconds": 0,
             "MessageAttributes": attributes, "MessageSystemAttributes": trace}
    asked["MessageAttributes"]["grund"].update(listed)
    sent = run.call("sqs.SendMessage", asked, full).get("MessageId")
    run.call("sqs.SendMessage", {"QueueUrl": URL, "MessageBody": "später", "DelaySeconds": 900}, full)
    for group in ({"MessageGroupId": "ü"}, {"MessageDeduplicationId": "ü"}):
        run.not_implemented("sqs.SendMessage", {**asked, **group}, full)
    empty_value = {"leer": {"DataType": "String", "StringValue": ""}}
    run.refused("sqs.SendMessage", {**asked, "MessageAttributes": empty_value}, full,
                "InvalidParameterValue")
    run.refused("sqs.SendMessage", {**asked, "MessageBody": ""}, full, "MissingParameter")
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    run.refused("sqs.SendMessage", {**asked, "QueueUrl": URL + "x"}, full, missing)
    run.refused("sqs.SendMessage", asked, empty, "AccessDenied")

    receive = {"QueueUrl": URL, "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
               "MessageSystemAttributeNames": ["SentTimestamp"], "MaxNumberOfMessages": 10,
               "VisibilityTimeout": 60, "WaitTimeSeconds": 0, "ReceiveRequestAttemptId": "ü"}
    found = run.call("sqs.ReceiveMessage", receive, full).get("Messages", [])
    run.same("the ids", [message.get("MessageId") for message in found], [sent])
    run.same("Body", found[0].get("Body"), non_ascii)
    run.same("ApproximateReceiveCount", found[0]["Attributes"].get("ApproximateReceiveCount"), "1")
    given = found[0].get("MessageAttributes", {})
    run.same("grund", given.get("grund", {}).get("StringValue"), non_ascii)
    run.same("hidden", run.call("sqs.ReceiveMessage", {"QueueUrl": URL}, full).get("Messages"), None)

    handle = found[0]["ReceiptHandle"]
    entries = [{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 0},
               {"Id": "2", "ReceiptHandle": "größe", "VisibilityTimeout": 5}]
    hide = {"QueueUrl": URL, "Entries": entries}
    answer = run.call("sqs.ChangeMessageVisibilityBatch", hide, full)
    run.same("Successful", answer.get("Successful"), [{"Id": "1"}])
    run.same("Failed", [failed.get("Code") for failed in answer.get("Failed", ())],
             ["ReceiptHandleIsInvalid"])
    nothing = {"QueueUrl": URL, "Entries": []}
    run.refused("sqs.ChangeMessageVisibilityBatch", nothing, full,
                "AWS.SimpleQueueService.EmptyBatchRequest")
    again = run.call("sqs.ReceiveMessage", receive, full).get("Messages", [])
    run.same("again", [message.get("MessageId") for message in again], [sent])

    delete = {"QueueUrl": URL, "ReceiptHandle": again[0]["ReceiptHandle"]}
    run.call("sqs.DeleteMessage", delete, full)
    run.refused("sqs.DeleteMessage", delete, full, "ReceiptHandleIsInvalid")
