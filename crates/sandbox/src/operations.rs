//! The table of everything the sandbox can do: service and operation, the IAM action
//! it takes, the resources it is about, the handler.

use hyper::StatusCode;

use crate::organization::is_account_id;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure};
use crate::{
    access_analyzer, administration, cloudformation, cloudtrail, cloudwatch, config, events, iam,
    kms, lambda, logs, organizations, s3, security_hub, sns, sqs, ssm, sts,
};
use iam_policy::{Document, PolicyError};

/// An operation of a service.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    /// Its IAM action.
    pub(crate) action: &'static str,
    pub(crate) input: &'static Shape,
    /// Permissions that the caller needs; none where AWS checks none.
    pub(crate) needs: fn(&Request<'_>) -> Vec<Needed>,
    /// The condition keys that only this operation has.
    pub(crate) context: fn(&Request<'_>) -> Context,
    pub(crate) handler: fn(&Request<'_>) -> Result<Structure, Failure>,
}

/// Condition keys and their values.
pub(crate) type Context = Vec<(String, Vec<String>)>;

/// A permission that a request needs: an action on a resource.
#[derive(Clone, Debug)]
pub(crate) struct Needed {
    pub(crate) action: &'static str,
    /// The ARN of the resource, or `*` for an action that is not about any.
    pub(crate) resource: String,
    /// The policy of the resource, where it has one. An error, where it cannot be judged.
    pub(crate) policy: Result<Option<Document>, PolicyError>,
    /// The account that owns the resource, where its ARN does not say so.
    pub(crate) owner: Option<String>,
}

impl Needed {
    /// The operation's own action on a resource without a policy.
    pub(crate) fn on(request: &Request<'_>, resource: impl Into<String>) -> Self {
        Self {
            action: request.operation.action,
            resource: resource.into(),
            policy: Ok(None),
            owner: None,
        }
    }

    /// Adds the resource's policy, where it has one.
    #[must_use]
    pub(crate) fn under(self, policy: Option<&str>) -> Self {
        Self {
            policy: policy.map(Document::parse).transpose(),
            ..self
        }
    }
}

/// A text that a client gave, as the resource of a permission: itself, where it is the
/// ARN of something in an account. What is no ARN is nobody's resource.
pub(crate) fn resource_named(text: &str) -> &str {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, _, _, account, _] if is_account_id(account) => text,
        _ => "*",
    }
}

impl Operation {
    /// Returns true if the service is one for all Regions of the partition.
    pub(crate) fn is_global(&self) -> bool {
        matches!(self.service, "iam" | "organizations")
    }

    /// A failure under the name that the service gives it, where that is not what other
    /// services of its protocol say.
    pub(crate) fn service_error(&self, failure: Failure) -> Failure {
        match (self.service, failure.code.as_ref()) {
            ("logs", "ValidationException") => Failure {
                code: "InvalidParameterException".into(),
                ..failure
            },
            ("organizations", "ValidationException")
            | ("securityhub", "InvalidParameterValueException") => Failure {
                code: "InvalidInputException".into(),
                ..failure
            },
            ("access-analyzer", "InvalidParameterValueException") => Failure {
                code: "ValidationException".into(),
                ..failure
            },
            _ => failure,
        }
    }

    /// Returns the error of a Region that is not enabled.
    pub(crate) fn region_disabled(&self, request: &Request<'_>) -> Failure {
        match self.name {
            "AssumeRole" | "AssumeRoot" => Failure::new(
                StatusCode::FORBIDDEN,
                "RegionDisabledException",
                format!(
                    "STS is not activated in this region for account:{}. Your account \
                     administrator can activate STS in this region using the IAM Console.",
                    request.account()
                ),
            ),
            _ => request.protocol.unknown_credentials(),
        }
    }
}

/// The operation of a service by its name.
pub(crate) fn find(service: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS
        .iter()
        .find(|operation| operation.service == service && operation.name == name)
}

/// Every operation that the sandbox has, by service and name.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPERATIONS
        .iter()
        .map(|operation| (operation.service, operation.name))
}

/// The namespace of a service's XML.
pub(crate) fn namespace(service: &str) -> &'static str {
    match service {
        "cloudformation" => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        "iam" => "https://iam.amazonaws.com/doc/2010-05-08/",
        "sns" => "http://sns.amazonaws.com/doc/2010-03-31/",
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "",
    }
}

/// A row of the table. What is not the same for most operations is set behind it.
const fn row(
    service: &'static str,
    name: &'static str,
    action: &'static str,
    input: &'static Shape,
    needs: fn(&Request<'_>) -> Vec<Needed>,
    handler: fn(&Request<'_>) -> Result<Structure, Failure>,
) -> Operation {
    Operation {
        service,
        name,
        action,
        input,
        needs,
        context: |_| Vec::new(),
        handler,
    }
}

/// An operation of KMS: they all have the same condition keys.
const fn of_kms(row: Operation) -> Operation {
    Operation {
        context: kms::context,
        ..row
    }
}

/// The action, on no resource in particular: policies must say `*`.
fn any(request: &Request<'_>) -> Vec<Needed> {
    vec![Needed::on(request, "*")]
}

/// No permission.
fn none(_: &Request<'_>) -> Vec<Needed> {
    Vec::new()
}

#[rustfmt::skip]
pub(crate) const OPERATIONS: &[Operation] = &[
    row("iam", "SimulateCustomPolicy", "iam:SimulateCustomPolicy", &iam::SIMULATE_CUSTOM_POLICY, any, iam::simulate_custom_policy),
    row("iam", "DeactivateMFADevice", "iam:DeactivateMFADevice", &iam::DEACTIVATE_MFA_DEVICE, iam::user, iam::deactivate_mfa_device),
    row("iam", "DeleteAccessKey", "iam:DeleteAccessKey", &iam::DELETE_ACCESS_KEY, iam::user, iam::delete_access_key),
    row("iam", "DeleteLoginProfile", "iam:DeleteLoginProfile", &iam::OF_LOGIN_PROFILE, iam::user, iam::delete_login_profile),
    row("iam", "DeleteSigningCertificate", "iam:DeleteSigningCertificate", &iam::DELETE_SIGNING_CERTIFICATE, iam::user, iam::delete_signing_certificate),
    row("iam", "DeleteVirtualMFADevice", "iam:DeleteVirtualMFADevice", &iam::DELETE_VIRTUAL_MFA_DEVICE, iam::virtual_mfa_device, iam::delete_virtual_mfa_device),
    row("iam", "GenerateCredentialReport", "iam:GenerateCredentialReport", &NOTHING, any, iam::generate_credential_report),
    row("iam", "GetAccessKeyLastUsed", "iam:GetAccessKeyLastUsed", &iam::GET_ACCESS_KEY_LAST_USED, iam::user, iam::get_access_key_last_used),
    row("iam", "GetAccountSummary", "iam:GetAccountSummary", &NOTHING, any, iam::get_account_summary),
    row("iam", "GetCredentialReport", "iam:GetCredentialReport", &NOTHING, any, iam::get_credential_report),
    row("iam", "GetLoginProfile", "iam:GetLoginProfile", &iam::OF_LOGIN_PROFILE, iam::user, iam::get_login_profile),
    row("iam", "GetUser", "iam:GetUser", &iam::OF_USER, iam::user, iam::get_user),
    row("iam", "ListAccessKeys", "iam:ListAccessKeys", &iam::LIST_OF_USER, iam::user, iam::list_access_keys),
    row("iam", "ListMFADevices", "iam:ListMFADevices", &iam::LIST_OF_USER, iam::user, iam::list_mfa_devices),
    row("iam", "ListOrganizationsFeatures", "iam:ListOrganizationsFeatures", &NOTHING, any, administration::list_organizations_features),
    row("iam", "ListSigningCertificates", "iam:ListSigningCertificates", &iam::LIST_OF_USER, iam::user, iam::list_signing_certificates),
    row("iam", "ListVirtualMFADevices", "iam:ListVirtualMFADevices", &iam::LIST_VIRTUAL_MFA_DEVICES, any, iam::list_virtual_mfa_devices),

    Operation {
        context: sts::assume_role_context,
        ..row("sts", "AssumeRole", "sts:AssumeRole", &sts::ASSUME_ROLE, sts::role, sts::assume_role)
    },
    Operation {
        context: sts::assume_root_context,
        ..row("sts", "AssumeRoot", "sts:AssumeRoot", &sts::ASSUME_ROOT, sts::root_user, sts::assume_root)
    },
    row("sts", "GetCallerIdentity", "sts:GetCallerIdentity", &NOTHING, none, sts::get_caller_identity),

    row("config", "DeleteConfigRule", "config:DeleteConfigRule", &config::OF_RULE, config::rule, config::delete_config_rule),
    row("config", "DescribeComplianceByConfigRule", "config:DescribeComplianceByConfigRule", &config::DESCRIBE_COMPLIANCE, config::rules, config::describe_compliance_by_config_rule),
    row("config", "DescribeAggregateComplianceByConfigRules", "config:DescribeAggregateComplianceByConfigRules", &config::AGGREGATE_COMPLIANCE, config::aggregator, config::describe_aggregate_compliance_by_config_rules),
    row("config", "DescribeConfigurationAggregators", "config:DescribeConfigurationAggregators", &config::DESCRIBE_AGGREGATORS, any, config::describe_configuration_aggregators),
    row("config", "DeleteRemediationConfiguration", "config:DeleteRemediationConfiguration", &config::DELETE_REMEDIATION, any, config::delete_remediation_configuration),
    row("config", "DescribeRemediationConfigurations", "config:DescribeRemediationConfigurations", &config::DESCRIBE_REMEDIATIONS, any, config::describe_remediation_configurations),
    row("config", "DescribeRemediationExceptions", "config:DescribeRemediationExceptions", &config::DESCRIBE_EXCEPTIONS, any, config::describe_remediation_exceptions),
    row("config", "GetAggregateComplianceDetailsByConfigRule", "config:GetAggregateComplianceDetailsByConfigRule", &config::AGGREGATE_DETAILS, config::aggregator, config::get_aggregate_compliance_details_by_config_rule),
    row("config", "PutConfigurationAggregator", "config:PutConfigurationAggregator", &config::PUT_AGGREGATOR, config::aggregator, config::put_configuration_aggregator),
    row("config", "PutRemediationConfigurations", "config:PutRemediationConfigurations", &config::PUT_REMEDIATIONS, any, config::put_remediation_configurations),
    row("config", "PutRemediationExceptions", "config:PutRemediationExceptions", &config::PUT_EXCEPTIONS, any, config::put_remediation_exceptions),
    row("config", "DescribeConfigRules", "config:DescribeConfigRules", &config::DESCRIBE_CONFIG_RULES, config::rules, config::describe_config_rules),
    row("config", "DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorderStatus", &config::OF_RECORDERS, any, config::describe_recorder_status),
    row("config", "DescribeConfigurationRecorders", "config:DescribeConfigurationRecorders", &config::OF_RECORDERS, any, config::describe_recorders),
    row("config", "GetComplianceDetailsByConfigRule", "config:GetComplianceDetailsByConfigRule", &config::DETAILS_BY_RULE, config::rule, config::get_compliance_details_by_config_rule),
    row("config", "GetComplianceDetailsByResource", "config:GetComplianceDetailsByResource", &config::DETAILS_BY_RESOURCE, any, config::get_compliance_details_by_resource),
    row("config", "PutConfigRule", "config:PutConfigRule", &config::PUT_CONFIG_RULE, config::put_rule, config::put_config_rule),
    row("config", "PutEvaluations", "config:PutEvaluations", &config::PUT_EVALUATIONS, any, config::put_evaluations),
    row("config", "StartConfigRulesEvaluation", "config:StartConfigRulesEvaluation", &config::START_EVALUATION, config::rules, config::start_config_rules_evaluation),

    row("logs", "CreateLogGroup", "logs:CreateLogGroup", &logs::CREATE_LOG_GROUP, logs::created_log_group, logs::create_log_group),
    row("logs", "DeleteLogGroup", "logs:DeleteLogGroup", &logs::OF_LOG_GROUP, logs::log_group, logs::delete_log_group),
    row("logs", "DeleteMetricFilter", "logs:DeleteMetricFilter", &logs::DELETE_METRIC_FILTER, logs::log_group, logs::delete_metric_filter),
    row("logs", "DescribeLogGroups", "logs:DescribeLogGroups", &logs::DESCRIBE_LOG_GROUPS, logs::log_group, logs::describe_log_groups),
    row("logs", "DescribeMetricFilters", "logs:DescribeMetricFilters", &logs::DESCRIBE_METRIC_FILTERS, logs::log_group, logs::describe_metric_filters),
    row("logs", "CreateLogStream", "logs:CreateLogStream", &logs::OF_LOG_STREAM, logs::log_stream, logs::create_log_stream),
    row("logs", "DescribeLogStreams", "logs:DescribeLogStreams", &logs::DESCRIBE_LOG_STREAMS, logs::group_of_streams, logs::describe_log_streams),
    row("logs", "PutLogEvents", "logs:PutLogEvents", &logs::PUT_LOG_EVENTS, logs::log_stream, logs::put_log_events),
    row("logs", "ListTagsForResource", "logs:ListTagsForResource", &logs::LIST_TAGS, logs::tagged, logs::list_tags_for_resource),
    row("logs", "PutMetricFilter", "logs:PutMetricFilter", &logs::PUT_METRIC_FILTER, logs::log_group, logs::put_metric_filter),
    row("logs", "PutRetentionPolicy", "logs:PutRetentionPolicy", &logs::PUT_RETENTION_POLICY, logs::log_group, logs::put_retention_policy),
    row("logs", "TestMetricFilter", "logs:TestMetricFilter", &logs::TEST_METRIC_FILTER, any, logs::test_metric_filter),

    row("monitoring", "DeleteAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule", &cloudwatch::OF_MUTE_RULE, cloudwatch::mute_rule, cloudwatch::delete_alarm_mute_rule),
    row("monitoring", "DeleteAlarms", "cloudwatch:DeleteAlarms", &cloudwatch::OF_ALARMS, cloudwatch::alarms, cloudwatch::delete_alarms),
    row("monitoring", "DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory", &cloudwatch::DESCRIBE_ALARM_HISTORY, cloudwatch::of_history, cloudwatch::describe_alarm_history),
    row("monitoring", "GetMetricStatistics", "cloudwatch:GetMetricStatistics", &cloudwatch::GET_METRIC_STATISTICS, any, cloudwatch::get_metric_statistics),
    row("monitoring", "DescribeAlarms", "cloudwatch:DescribeAlarms", &cloudwatch::DESCRIBE_ALARMS, cloudwatch::described, cloudwatch::describe_alarms),
    row("monitoring", "DescribeAlarmsForMetric", "cloudwatch:DescribeAlarmsForMetric", &cloudwatch::DESCRIBE_ALARMS_FOR_METRIC, any, cloudwatch::describe_alarms_for_metric),
    row("monitoring", "DisableAlarmActions", "cloudwatch:DisableAlarmActions", &cloudwatch::OF_ALARMS, cloudwatch::alarms, cloudwatch::disable_alarm_actions),
    row("monitoring", "EnableAlarmActions", "cloudwatch:EnableAlarmActions", &cloudwatch::OF_ALARMS, cloudwatch::alarms, cloudwatch::enable_alarm_actions),
    row("monitoring", "GetAlarmMuteRule", "cloudwatch:GetAlarmMuteRule", &cloudwatch::OF_MUTE_RULE, cloudwatch::mute_rule, cloudwatch::get_alarm_mute_rule),
    row("monitoring", "ListAlarmMuteRules", "cloudwatch:ListAlarmMuteRules", &cloudwatch::LIST_ALARM_MUTE_RULES, any, cloudwatch::list_alarm_mute_rules),
    row("monitoring", "ListTagsForResource", "cloudwatch:ListTagsForResource", &cloudwatch::LIST_TAGS, cloudwatch::tagged, cloudwatch::list_tags_for_resource),
    row("monitoring", "PutAlarmMuteRule", "cloudwatch:PutAlarmMuteRule", &cloudwatch::PUT_ALARM_MUTE_RULE, cloudwatch::put_mute_rule, cloudwatch::put_alarm_mute_rule),
    row("monitoring", "PutCompositeAlarm", "cloudwatch:PutCompositeAlarm", &cloudwatch::PUT_COMPOSITE_ALARM, cloudwatch::every_alarm, cloudwatch::put_composite_alarm),
    row("monitoring", "PutMetricAlarm", "cloudwatch:PutMetricAlarm", &cloudwatch::PUT_METRIC_ALARM, cloudwatch::alarm, cloudwatch::put_metric_alarm),
    row("monitoring", "SetAlarmState", "cloudwatch:SetAlarmState", &cloudwatch::SET_ALARM_STATE, cloudwatch::alarm, cloudwatch::set_alarm_state),

    Operation {
        context: cloudtrail::passed_to_cloudtrail,
        ..row("cloudtrail", "CreateTrail", "cloudtrail:CreateTrail", &cloudtrail::CREATE_TRAIL, cloudtrail::trail_and_role, cloudtrail::create_trail)
    },
    row("cloudtrail", "DeleteTrail", "cloudtrail:DeleteTrail", &cloudtrail::OF_TRAIL, cloudtrail::trail, cloudtrail::delete_trail),
    row("cloudtrail", "DescribeTrails", "cloudtrail:DescribeTrails", &cloudtrail::DESCRIBE_TRAILS, any, cloudtrail::describe_trails),
    row("cloudtrail", "GetEventSelectors", "cloudtrail:GetEventSelectors", &cloudtrail::GET_EVENT_SELECTORS, cloudtrail::trail, cloudtrail::get_event_selectors),
    row("cloudtrail", "GetTrail", "cloudtrail:GetTrail", &cloudtrail::OF_TRAIL, cloudtrail::trail, cloudtrail::get_trail),
    row("cloudtrail", "GetTrailStatus", "cloudtrail:GetTrailStatus", &cloudtrail::OF_TRAIL, cloudtrail::trail, cloudtrail::get_trail_status),
    row("cloudtrail", "ListTags", "cloudtrail:ListTags", &cloudtrail::LIST_TAGS, cloudtrail::tagged_trails, cloudtrail::list_tags),
    row("cloudtrail", "ListTrails", "cloudtrail:ListTrails", &cloudtrail::LIST_TRAILS, any, cloudtrail::list_trails),
    row("cloudtrail", "PutEventSelectors", "cloudtrail:PutEventSelectors", &cloudtrail::PUT_EVENT_SELECTORS, cloudtrail::trail, cloudtrail::put_event_selectors),
    row("cloudtrail", "StartLogging", "cloudtrail:StartLogging", &cloudtrail::OF_TRAIL, cloudtrail::trail, cloudtrail::start_logging),
    row("cloudtrail", "StopLogging", "cloudtrail:StopLogging", &cloudtrail::OF_TRAIL, cloudtrail::trail, cloudtrail::stop_logging),
    Operation {
        context: cloudtrail::passed_to_cloudtrail,
        ..row("cloudtrail", "UpdateTrail", "cloudtrail:UpdateTrail", &cloudtrail::UPDATE_TRAIL, cloudtrail::trail_and_role, cloudtrail::update_trail)
    },

    row("sns", "ConfirmSubscription", "sns:ConfirmSubscription", &sns::CONFIRM_SUBSCRIPTION, sns::confirmed_topic, sns::confirm_subscription),
    row("sns", "CreateTopic", "sns:CreateTopic", &sns::CREATE_TOPIC, sns::new_topic, sns::create_topic),
    row("sns", "DeleteTopic", "sns:DeleteTopic", &sns::OF_TOPIC, sns::on_topic, sns::delete_topic),
    row("sns", "GetSubscriptionAttributes", "sns:GetSubscriptionAttributes", &sns::OF_SUBSCRIPTION, any, sns::get_subscription_attributes),
    row("sns", "GetTopicAttributes", "sns:GetTopicAttributes", &sns::OF_TOPIC, sns::on_topic, sns::get_topic_attributes),
    row("sns", "ListSubscriptions", "sns:ListSubscriptions", &sns::LIST, any, sns::list_subscriptions),
    row("sns", "ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic", &sns::LIST_OF_TOPIC, sns::on_topic, sns::list_subscriptions_by_topic),
    row("sns", "ListTagsForResource", "sns:ListTagsForResource", &sns::LIST_TAGS, sns::tagged_topic, sns::list_tags_for_resource),
    row("sns", "ListTopics", "sns:ListTopics", &sns::LIST, any, sns::list_topics),
    row("sns", "Publish", "sns:Publish", &sns::PUBLISH, sns::on_topic, sns::publish),
    row("sns", "SetSubscriptionAttributes", "sns:SetSubscriptionAttributes", &sns::SET_SUBSCRIPTION_ATTRIBUTES, any, sns::set_subscription_attributes),
    row("sns", "SetTopicAttributes", "sns:SetTopicAttributes", &sns::SET_TOPIC_ATTRIBUTES, sns::on_topic, sns::set_topic_attributes),
    Operation {
        context: sns::subscribe_context,
        ..row("sns", "Subscribe", "sns:Subscribe", &sns::SUBSCRIBE, sns::on_topic, sns::subscribe)
    },
    row("sns", "Unsubscribe", "sns:Unsubscribe", &sns::OF_SUBSCRIPTION, any, sns::unsubscribe),

    row("sqs", "ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility", &sqs::CHANGE_VISIBILITY_BATCH, sqs::on_queue, sqs::change_message_visibility_batch),
    row("sqs", "DeleteMessage", "sqs:DeleteMessage", &sqs::DELETE_MESSAGE, sqs::on_queue, sqs::delete_message),
    row("sqs", "ReceiveMessage", "sqs:ReceiveMessage", &sqs::RECEIVE_MESSAGE, sqs::on_queue, sqs::receive_message),
    row("sqs", "SendMessage", "sqs:SendMessage", &sqs::SEND_MESSAGE, sqs::on_queue, sqs::send_message),

    row("ssm", "GetParameter", "ssm:GetParameter", &ssm::GET_PARAMETER, ssm::parameter, ssm::get_parameter),
    row("ssm", "PutParameter", "ssm:PutParameter", &ssm::PUT_PARAMETER, ssm::parameter, ssm::put_parameter),

    row("organizations", "DescribeAccount", "organizations:DescribeAccount", &organizations::DESCRIBE_ACCOUNT, any, organizations::describe_account),

    row("events", "ListRules", "events:ListRules", &events::LIST_RULES, events::on_rules, events::list_rules),
    row("events", "TestEventPattern", "events:TestEventPattern", &events::TEST_EVENT_PATTERN, any, events::test_event_pattern),
    row("events", "ListTargetsByRule", "events:ListTargetsByRule", &events::LIST_TARGETS, events::on_rule, events::list_targets_by_rule),
    Operation {
        context: events::context,
        ..row("events", "PutEvents", "events:PutEvents", &events::PUT_EVENTS, events::on_buses, events::put_events)
    },

    of_kms(row("kms", "CreateAlias", "kms:CreateAlias", &kms::CREATE_ALIAS, kms::new_alias, kms::create_alias)),
    of_kms(row("kms", "CreateKey", "kms:CreateKey", &kms::CREATE_KEY, kms::new_key, kms::create_key)),
    of_kms(row("kms", "DescribeKey", "kms:DescribeKey", &kms::DESCRIBE_KEY, kms::on_key, kms::describe_key)),
    of_kms(row("kms", "DisableKey", "kms:DisableKey", &kms::OF_KEY, kms::on_key, kms::disable_key)),
    of_kms(row("kms", "EnableKey", "kms:EnableKey", &kms::OF_KEY, kms::on_key, kms::enable_key)),
    of_kms(row("kms", "GetKeyPolicy", "kms:GetKeyPolicy", &kms::GET_KEY_POLICY, kms::on_key, kms::get_key_policy)),
    of_kms(row("kms", "ListAliases", "kms:ListAliases", &kms::LIST_ALIASES, any, kms::list_aliases)),
    of_kms(row("kms", "ListKeys", "kms:ListKeys", &kms::LIST, any, kms::list_keys)),
    of_kms(row("kms", "PutKeyPolicy", "kms:PutKeyPolicy", &kms::PUT_KEY_POLICY, kms::on_key, kms::put_key_policy)),
    of_kms(row("kms", "ScheduleKeyDeletion", "kms:ScheduleKeyDeletion", &kms::SCHEDULE_KEY_DELETION, kms::on_key, kms::schedule_key_deletion)),

    Operation {
        context: lambda::add_permission_context,
        ..row("lambda", "AddPermission", "lambda:AddPermission", &lambda::ADD_PERMISSION, lambda::on_function, lambda::add_permission)
    },
    row("lambda", "GetAccountSettings", "lambda:GetAccountSettings", &NOTHING, any, lambda::get_account_settings),
    row("lambda", "GetFunctionConfiguration", "lambda:GetFunctionConfiguration", &lambda::GET_CONFIGURATION, lambda::on_function, lambda::get_function_configuration),
    row("lambda", "GetPolicy", "lambda:GetPolicy", &lambda::GET_POLICY, lambda::on_function, lambda::get_policy),
    row("lambda", "RemovePermission", "lambda:RemovePermission", &lambda::REMOVE_PERMISSION, lambda::on_function, lambda::remove_permission),

    row("organizations", "ListAccounts", "organizations:ListAccounts", &organizations::LIST_ACCOUNTS, any, organizations::list_accounts),
    row("organizations", "DescribeOrganization", "organizations:DescribeOrganization", &NOTHING, any, administration::describe_organization),
    row("organizations", "DescribePolicy", "organizations:DescribePolicy", &administration::OF_POLICY, any, administration::describe_policy),
    row("organizations", "ListAWSServiceAccessForOrganization", "organizations:ListAWSServiceAccessForOrganization", &administration::LIST, any, administration::list_service_access),
    row("organizations", "ListDelegatedAdministrators", "organizations:ListDelegatedAdministrators", &administration::LIST_ADMINISTRATORS, any, administration::list_administrators),
    row("organizations", "ListPolicies", "organizations:ListPolicies", &administration::LIST_POLICIES, any, administration::list_policies),
    row("organizations", "ListRoots", "organizations:ListRoots", &administration::LIST, any, administration::list_roots),
    row("organizations", "ListTargetsForPolicy", "organizations:ListTargetsForPolicy", &administration::LIST_TARGETS, any, administration::list_targets),
    row("organizations", "ListAccountsForParent", "organizations:ListAccountsForParent", &organizations::LIST_FOR_PARENT, organizations::parent, organizations::list_accounts_for_parent),
    row("organizations", "ListOrganizationalUnitsForParent", "organizations:ListOrganizationalUnitsForParent", &organizations::LIST_FOR_PARENT, organizations::parent, organizations::list_organizational_units_for_parent),

    row("cloudformation", "CreateChangeSet", "cloudformation:CreateChangeSet", &cloudformation::CREATE_CHANGE_SET, cloudformation::on_stack, cloudformation::create_change_set),
    row("cloudformation", "DeleteChangeSet", "cloudformation:DeleteChangeSet", &cloudformation::OF_CHANGE_SET, cloudformation::on_stack, cloudformation::delete_change_set),
    row("cloudformation", "DeleteStack", "cloudformation:DeleteStack", &cloudformation::DELETE_STACK, cloudformation::on_stack, cloudformation::delete_stack),
    row("cloudformation", "DescribeChangeSet", "cloudformation:DescribeChangeSet", &cloudformation::DESCRIBE_CHANGE_SET, cloudformation::on_stack, cloudformation::describe_change_set),
    row("cloudformation", "DescribeStackEvents", "cloudformation:DescribeStackEvents", &cloudformation::DESCRIBE_EVENTS, cloudformation::on_stack, cloudformation::describe_stack_events),
    row("cloudformation", "DescribeStacks", "cloudformation:DescribeStacks", &cloudformation::DESCRIBE_STACKS, cloudformation::on_stack, cloudformation::describe_stacks),
    row("cloudformation", "ExecuteChangeSet", "cloudformation:ExecuteChangeSet", &cloudformation::EXECUTE_CHANGE_SET, cloudformation::on_stack, cloudformation::execute_change_set),
    row("cloudformation", "GetTemplate", "cloudformation:GetTemplate", &cloudformation::GET_TEMPLATE, cloudformation::on_stack, cloudformation::get_template),
    row("cloudformation", "ValidateTemplate", "cloudformation:ValidateTemplate", &cloudformation::VALIDATE_TEMPLATE, any, cloudformation::validate_template),
    row("cloudformation", "ListStacks", "cloudformation:ListStacks", &cloudformation::LIST_STACKS, any, cloudformation::list_stacks),
    row("cloudformation", "ActivateOrganizationsAccess", "cloudformation:ActivateOrganizationsAccess", &NOTHING, any, cloudformation::activate_organizations_access),
    row("cloudformation", "CreateStackInstances", "cloudformation:CreateStackInstances", &cloudformation::CREATE_INSTANCES, cloudformation::on_stack_set, cloudformation::create_stack_instances),
    row("cloudformation", "DeleteStackInstances", "cloudformation:DeleteStackInstances", &cloudformation::DELETE_INSTANCES, cloudformation::on_stack_set, cloudformation::delete_stack_instances),
    row("cloudformation", "DescribeOrganizationsAccess", "cloudformation:DescribeOrganizationsAccess", &cloudformation::DESCRIBE_ACCESS, any, cloudformation::describe_organizations_access),
    row("cloudformation", "DescribeStackInstance", "cloudformation:DescribeStackInstance", &cloudformation::DESCRIBE_INSTANCE, cloudformation::on_stack_set, cloudformation::describe_stack_instance),
    row("cloudformation", "DescribeStackSet", "cloudformation:DescribeStackSet", &cloudformation::OF_SET, cloudformation::on_stack_set, cloudformation::describe_stack_set),
    row("cloudformation", "DescribeStackSetOperation", "cloudformation:DescribeStackSetOperation", &cloudformation::OF_OPERATION, cloudformation::on_stack_set, cloudformation::describe_stack_set_operation),
    row("cloudformation", "ListStackInstances", "cloudformation:ListStackInstances", &cloudformation::LIST_INSTANCES, cloudformation::on_stack_set, cloudformation::list_stack_instances),
    row("cloudformation", "ListStackSetOperationResults", "cloudformation:ListStackSetOperationResults", &cloudformation::LIST_RESULTS, cloudformation::on_stack_set, cloudformation::list_stack_set_operation_results),
    row("cloudformation", "ListStackSetOperations", "cloudformation:ListStackSetOperations", &cloudformation::LIST_OPERATIONS, cloudformation::on_stack_set, cloudformation::list_stack_set_operations),
    row("cloudformation", "ListStackSets", "cloudformation:ListStackSets", &cloudformation::LIST_SETS, any, cloudformation::list_stack_sets),
    row("cloudformation", "StopStackSetOperation", "cloudformation:StopStackSetOperation", &cloudformation::OF_OPERATION, cloudformation::on_stack_set, cloudformation::stop_stack_set_operation),
    row("cloudformation", "UpdateStackInstances", "cloudformation:UpdateStackInstances", &cloudformation::UPDATE_INSTANCES, cloudformation::on_stack_set, cloudformation::update_stack_instances),

    row("access-analyzer", "ValidatePolicy", "access-analyzer:ValidatePolicy", &access_analyzer::VALIDATE_POLICY, any, access_analyzer::validate_policy),

    row("s3", "GetObject", "s3:GetObject", &s3::OF_OBJECT, s3::object, s3::get_object),
    row("s3", "HeadBucket", "s3:ListBucket", &s3::OF_BUCKET, s3::bucket, s3::head_bucket),
    row("s3", "HeadObject", "s3:GetObject", &s3::OF_OBJECT, s3::object, s3::head_object),
    row("s3", "PutObject", "s3:PutObject", &s3::PUT_OBJECT, s3::object, s3::put_object),

    row("securityhub", "GetEnabledStandards", "securityhub:GetEnabledStandards", &security_hub::ENABLED_STANDARDS, any, security_hub::get_enabled_standards),
    row("securityhub", "GetFindings", "securityhub:GetFindings", &security_hub::GET_FINDINGS, any, security_hub::get_findings),
    row("securityhub", "BatchImportFindings", "securityhub:BatchImportFindings", &security_hub::IMPORT, security_hub::products, security_hub::batch_import_findings),
];

/// The input of operations that have none.
const NOTHING: Shape = Shape::Structure(&[]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_readme() {
        let readme = include_str!("../README.md");
        let is_row = |line: &&str| {
            let action = line.split(" | ").nth(1).unwrap_or_default();
            action.starts_with('`') && action.contains(':')
        };
        let written: Vec<&str> = readme.lines().filter(is_row).collect();
        let rows: Vec<String> = OPERATIONS
            .iter()
            .map(|operation| format!("| `{}` | `{}` |", operation.name, operation.action))
            .collect();
        let missing: Vec<_> = rows
            .iter()
            .filter(|row| !written.iter().any(|line| line.starts_with(*row)))
            .collect();
        assert!(missing.is_empty(), "not in the README: {missing:#?}");
        assert_eq!(written.len(), rows.len());
    }
}
