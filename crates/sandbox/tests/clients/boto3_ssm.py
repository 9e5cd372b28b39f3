"""Calls every operation of Systems Manager that the sandbox has."""

NAME = "/rootguard/root-remediation/run-1"


def calls(run, full, empty, non_ascii):
    put, get = "ssm.PutParameter", "ssm.GetParameter"
    asked = {"Name": NAME, "Value": non_ascii, "Type": "String", "Description": non_ascii,
             "Tier": "Standard", "Overwrite": False}
    run.same("Version", run.call(put, asked, full).get("Version"), 1)
    run.refused(put, asked, full, "ParameterAlreadyExists")
    again = {"Name": NAME, "Value": "zwei", "Overwrite": True}
    run.same("Version", run.call(put, again, full).get("Version"), 2)
    for more in ({"KeyId": "alias/k"}, {"AllowedPattern": "ü"}, {"DataType": "text"},
                 {"Tags": [{"Key": "k", "Value": "ü"}]}, {"Policies": "[]"}):
        run.not_implemented(put, {**asked, "Name": "anderer", **more}, full)
    for value in ("", "x" * 4097):
        run.refused(put, {**again, "Value": value}, full, "ValidationException")
    run.refused(put, {"Name": "/neu", "Value": "ohne Art"}, full, "ValidationException")
    found = run.call(get, {"Name": NAME, "WithDecryption": False}, full).get("Parameter", {})
    run.same("Value", found.get("Value"), "zwei")
    arn = f"arn:aws:ssm:eu-west-1:222222222222:parameter{NAME}"
    run.same("ARN", found.get("ARN"), arn)
    run.refused(get, {"Name": NAME}, empty, "ParameterNotFound")
