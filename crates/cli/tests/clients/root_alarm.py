"""Guards an account as people do it, with ordinary calls of boto3; or takes a part away.

    python root_alarm.py ENDPOINT STEP
"""

import sys

import boto3

REGION = "eu-west-1"
ACCOUNT = "111122223333"
GROUP = "audit"
TRAIL = "audit"
ALARM = "root-use"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"
CIS = (
    '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS '
    '&& $.eventType !="AwsServiceEvent"}'
)

session = boto3.Session(
    aws_access_key_id=ACCOUNT, aws_secret_access_key="secret", region_name=REGION
)


def client(service):
    return session.client(service, endpoint_url=sys.argv[1])


def set_up():
    client("logs").create_log_group(logGroupName=GROUP)
    groups = client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    client("cloudtrail").create_trail(
        Name=TRAIL,
        S3BucketName="audit-log-files",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=groups[0]["arn"],
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail-to-logs",
    )
    client("cloudtrail").start_logging(Name=TRAIL)
    filter_for(CIS)
    topic = client("sns").create_topic(Name="on-call")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="somebody@example.com")
    alarm_at(1)


def confirm():
    """The mail has the token. In the sandbox it is the last part of the subscription's ARN."""
    arn = client("sns").subscribe(
        TopicArn=TOPIC,
        Protocol="email",
        Endpoint="somebody@example.com",
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    client("sns").confirm_subscription(TopicArn=TOPIC, Token=arn.rpartition(":")[2])


def unsubscribe():
    for one in client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        if one["SubscriptionArn"].startswith("arn:"):
            client("sns").unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def filter_for(pattern):
    client("logs").put_metric_filter(
        logGroupName=GROUP,
        filterName="root-use",
        filterPattern=pattern,
        metricTransformations=[
            {"metricNamespace": "Audit", "metricName": "RootUse", "metricValue": "1"}
        ],
    )


def alarm_at(threshold):
    client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        Namespace="Audit",
        MetricName="RootUse",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[TOPIC],
    )


STEPS = {
    "set-up": set_up,
    "confirm": confirm,
    "unsubscribe": unsubscribe,
    "stop-logging": lambda: client("cloudtrail").stop_logging(Name=TRAIL),
    "start-logging": lambda: client("cloudtrail").start_logging(Name=TRAIL),
    "only-sign-ins": lambda: filter_for(
        '{ $.userIdentity.type = "Root" && $.eventName = "ConsoleLogin" }'
    ),
    "all-root-use": lambda: filter_for(CIS),
    "alarm-at-a-thousand": lambda: alarm_at(1000),
    "alarm-at-one": lambda: alarm_at(1),
    "disable-actions": lambda: client("cloudwatch").disable_alarm_actions(AlarmNames=[ALARM]),
    "enable-actions": lambda: client("cloudwatch").enable_alarm_actions(AlarmNames=[ALARM]),
}

STEPS[sys.argv[2]]()
