"""Prints whose credentials botocore takes, for each case of standard input.

    python profiles.py < CASES

A case is {"profile": NAME or null, "environment": {NAME: VALUE}}; an answer is the id of the
account, or null where botocore refuses. Input and output are JSON lists.
"""

import json
import os
import sys

import botocore.session
from botocore.config import Config


def account(case):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(case["environment"])
    session = botocore.session.Session()
    if case["profile"] is not None:
        session.set_config_variable("profile", case["profile"])
    config = Config(retries={"total_max_attempts": 1})
    try:
        client = session.create_client("sts", config=config)
        return client.get_caller_identity()["Account"]
    except Exception as error:
        print(repr(error), file=sys.stderr)
        return None


json.dump([account(case) for case in json.load(sys.stdin)], sys.stdout)
