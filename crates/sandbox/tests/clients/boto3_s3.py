"""Calls every operation of S3 that the sandbox has."""

BUCKET = "pakete-222222222222"


def calls(run, full, empty, non_ascii):
    del non_ascii
    owner = {"Bucket": BUCKET, "ExpectedBucketOwner": "222222222222"}
    key = "Schlüssel ✓/a+b c.zip"
    body = bytes(range(256))
    put, get, head = "s3.PutObject", "s3.GetObject", "s3.HeadObject"
    asked = {**owner, "Key": key, "Body": body, "ContentType": "application/zip",
             "CacheControl": "no-cache", "ServerSideEncryption": "AES256"}
    first = run.call(put, asked, full).get("VersionId")
    second = run.call(put, {"Bucket": BUCKET, "Key": key, "Body": b""}, full).get("VersionId")
    named = {**owner, "Key": key}
    answer = run.call(get, {**named, "VersionId": first}, full)
    run.same("Body", answer and answer["Body"].read(), body)
    run.same("ContentType", answer.get("ContentType"), "application/zip")
    run.same("VersionId", run.call(get, named, full).get("VersionId"), second)
    answer = run.call(head, {**named, "VersionId": first}, full)
    run.same("ContentLength", answer.get("ContentLength"), 256)
    run.same("BucketRegion", run.call("s3.HeadBucket", owner, full).get("BucketRegion"), "eu-west-1")
    for operation in (get, put):
        run.refused(operation, {**named, "Bucket": "keiner"}, full, "NoSuchBucket")
        run.refused(operation, {**named, "Bucket": "keiner"}, empty, "NoSuchBucket")
        run.refused(operation, named, empty, "AccessDenied")
    run.refused(get, {**named, "Key": "keiner"}, full, "NoSuchKey")
    run.refused(get, {**named, "VersionId": "keine"}, full, "NoSuchVersion")
    run.refused(head, {**named, "Key": "keiner"}, full, "404")
    run.refused("s3.HeadBucket", owner, empty, "403")
    other = {**named, "ExpectedBucketOwner": "333333333333"}
    run.refused(get, other, full, "AccessDenied")
    # How a request is sent, and not what it asks for.
    for how in ({"ChecksumMode": "ENABLED"},):
        for operation in (get, head):
            run.call(operation, {**named, **how}, full)
    run.call(put, {**named, "Body": body, "ChecksumAlgorithm": "SHA256"}, full)
    run.call(put, {**named, "Body": body, "ContentLength": len(body)}, full)
    sums = [name for name in run.model(put).input_shape.members if name.startswith("Checksum")]
    run.inputs[put] |= {f".{name}" for name in sums}
    for operation in (get, head, put):
        run.the_rest(operation, named, full)
