"""Calls every operation of KMS that the sandbox has."""

import json


def calls(run, full, empty, non_ascii):
    policy = {"Version": "2012-10-17", "Id": "größe", "Statement": [{
        "Sid": "größe", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"}}]}
    policy = json.dumps(policy, ensure_ascii=False)
    asked = {
        "Policy": policy,
        "Description": non_ascii,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Origin": "AWS_KMS",
        "BypassPolicyLockoutSafetyCheck": False,
        "MultiRegion": False,
        "Tags": [{"TagKey": "Größe", "TagValue": non_ascii}, {"TagKey": "leer", "TagValue": ""}],
    }
    key = run.call("kms.CreateKey", asked, full).get("KeyMetadata", {})
    run.same("Description", key.get("Description"), non_ascii)
    smallest = run.call("kms.CreateKey", {}, full).get("KeyMetadata", {})
    for more in ({"CustomKeyStoreId": "cks-größe"}, {"XksKeyId": "xks"}, {"KeySpec": "RSA_2048"}):
        run.not_implemented("kms.CreateKey", {**asked, **more}, full)
    bad = {**asked, "Policy": "kein Gesetz ü"}
    run.refused("kms.CreateKey", bad, full, "MalformedPolicyDocumentException")

    name = {"AliasName": "alias/wurzel", "TargetKeyId": key["KeyId"]}
    run.call("kms.CreateAlias", name, full)
    run.refused("kms.CreateAlias", name, full, "AlreadyExistsException")
    wrong = {**name, "AliasName": "wurzel"}
    run.refused("kms.CreateAlias", wrong, full, "InvalidAliasNameException")

    for called in (key["KeyId"], key["Arn"], "alias/wurzel"):
        answer = run.call("kms.DescribeKey", {"KeyId": called, "GrantTokens": []}, full)
        run.same("KeyMetadata", answer.get("KeyMetadata"), key)
    aws = run.call("kms.DescribeKey", {"KeyId": "alias/aws/sns"}, full).get("KeyMetadata", {})
    run.same("KeyManager", aws.get("KeyManager"), "AWS")
    granted = {"KeyId": key["KeyId"], "GrantTokens": ["größe"]}
    run.not_implemented("kms.DescribeKey", granted, full)
    run.refused("kms.DescribeKey", {"KeyId": "größe"}, full, "NotFoundException")
    run.refused("kms.DescribeKey", {"KeyId": key["Arn"]}, empty, "AccessDeniedException")

    asked = {"KeyId": key["Arn"], "PolicyName": "default"}
    run.same("Policy", run.call("kms.GetKeyPolicy", asked, full).get("Policy"), policy)
    answer = run.call("kms.GetKeyPolicy", {"KeyId": smallest["KeyId"]}, full)
    run.same("PolicyName", answer.get("PolicyName"), "default")
    alias = {"KeyId": "alias/wurzel"}
    run.refused("kms.GetKeyPolicy", alias, full, "NotFoundException")
    put = {**asked, "Policy": policy.replace("größe", "Größe")}
    run.call("kms.PutKeyPolicy", {**put, "BypassPolicyLockoutSafetyCheck": True}, full)
    run.call("kms.PutKeyPolicy", put, full)
    run.same("Policy", run.call("kms.GetKeyPolicy", asked, full).get("Policy"), put["Policy"])
    lost = {**put, "Policy": policy.replace("222222222222", "333333333333")}
    run.refused("kms.PutKeyPolicy", lost, full, "MalformedPolicyDocumentException")
    lists(run, full, empty, key["KeyId"])

    one = {"KeyId": smallest["KeyId"]}
    for operation, state in (("kms.DisableKey", "Disabled"), ("kms.EnableKey", "Enabled")):
        run.call(operation, one, full)
        shown = run.call("kms.DescribeKey", one, full).get("KeyMetadata", {})
        run.same("KeyState", shown.get("KeyState"), state)
        run.refused(operation, {"KeyId": "größe"}, full, "NotFoundException")
    window = {**one, "PendingWindowInDays": 7}
    answer = run.call("kms.ScheduleKeyDeletion", window, full)
    run.same("KeyState", answer.get("KeyState"), "PendingDeletion")
    for operation in ("kms.EnableKey", "kms.DisableKey", "kms.ScheduleKeyDeletion"):
        run.refused(operation, one, full, "KMSInvalidStateException")


def lists(run, full, empty, key):
    for operation, items, token in (
        ("kms.ListKeys", "Keys", "NextMarker"),
        ("kms.ListAliases", "Aliases", "NextMarker"),
    ):
        first = run.call(operation, {"Limit": 1}, full)
        run.same("Truncated", first.get("Truncated"), True)
        rest = run.call(operation, {"Limit": 1000, "Marker": first.get(token, "")}, full)
        run.same("Truncated", rest.get("Truncated"), False)
        run.refused(operation, {"Marker": "keine Seite"}, full, "InvalidMarkerException")
        run.call(operation, {}, empty)
    answer = run.call("kms.ListAliases", {"KeyId": key}, full)
    run.same("Aliases", [one["AliasName"] for one in answer.get("Aliases", ())], ["alias/wurzel"])
