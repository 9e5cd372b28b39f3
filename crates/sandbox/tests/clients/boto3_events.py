"""Calls of EventBridge, with every member set."""

import datetime
import json

QUEUE = "https://sqs.eu-west-1.amazonaws.com/222222222222/ereignisse"


def calls(run, full, empty, non_ascii):
    bus = "arn:aws:events:eu-west-1:222222222222:event-bus/aktivitaet"
    entry = {
        "Time": datetime.datetime.now(datetime.timezone.utc),
        "Source": "rootguard.drill",
        "Resources": ["Größe ✓"],
        "DetailType": "Übung",
        "Detail": json.dumps({"id": non_ascii}),
        "EventBusName": bus,
        "TraceHeader": "Root=1",
    }
    put = "events.PutEvents"
    answer = run.call(put, {"Entries": [entry]}, full)
    run.same("FailedEntryCount", answer.get("FailedEntryCount"), 0)
    received = run.call("sqs.ReceiveMessage", {"QueueUrl": QUEUE}, full).get("Messages", [])
    events = [json.loads(message["Body"]) for message in received]
    run.same("the ids", [event["id"] for event in events], [answer["Entries"][0].get("EventId")])
    run.same("the details", [event["detail"] for event in events], [{"id": non_ascii}])

    others = [
        {**entry, "Detail": "kein JSON ✓"},
        {**entry, "EventBusName": "default"},
    ]
    answer = run.call(put, {"Entries": others}, full)
    codes = [result.get("ErrorCode") for result in answer.get("Entries", ())]
    run.same("the errors", codes, ["MalformedDetail", None])
    forged = {"Entries": [{**entry, "Source": "aws.signin"}]}
    codes = [one.get("ErrorCode") for one in run.call(put, forged, full).get("Entries", ())]
    run.same("the errors", codes, ["NotAuthorizedForSourceException"])
    run.refused(put, {"Entries": [entry]}, empty, "AccessDeniedException")
    # boto3 cannot send it without a library that is not installed here.
    run.not_looked_into.add(".EndpointId")
    run.not_implemented(put, {"Entries": [entry, forged["Entries"][0]]}, full)
