//! The metric filters of a log group.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types;
use config_rule::{Account, Arn, CallError, Fact, Unread};
use serde::{Deserialize, Serialize};

use crate::client::logs;
use crate::metric_alarm::Metric;

/// The IAM action of [`MetricFilter::observe`].
pub const DESCRIBE_METRIC_FILTERS: &str = "logs:DescribeMetricFilters";

/// A metric filter, which turns log events of a group into values of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricFilter {
    /// Its name, unique in the log group.
    pub filter_name: String,
    /// Pattern of the log events that it matches. Empty: all.
    pub filter_pattern: String,
    /// Values that it publishes for each event.
    pub metric_transformations: Vec<MetricTransformation>,
    /// True if it sees events only as the group's transformer leaves them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apply_on_transformed_logs: bool,
    /// Accounts and Regions whose events it sees, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// System fields that become dimensions: `@aws.account`, `@aws.region`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emit_system_field_dimensions: Vec<String>,
}

/// A metric filter, with the name of the log group that it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedingFilter {
    /// The log group's name.
    pub log_group_name: String,
    /// The filter.
    #[serde(flatten)]
    pub filter: MetricFilter,
}

/// A value that a metric filter publishes for each event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricTransformation {
    /// The metric's namespace.
    pub metric_namespace: String,
    /// The metric's name within the namespace.
    pub metric_name: String,
    /// A number, or the selector of the field that holds one.
    pub metric_value: String,
    /// Value that is published where events arrive and none matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<f64>,
    /// Dimensions, and the selectors of the fields that hold their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// The unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl MetricFilter {
    /// All metric filters of a log group. `Known(None)`: there is no such group.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(
        account: &Account,
        log_group: &Arn,
    ) -> Result<Fact<Option<Vec<Self>>>, CallError> {
        let request = logs(account)
            .describe_metric_filters()
            .log_group_name(log_group_name(log_group));
        let mut filters = Vec::new();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token.clone()).send();
            match account.call(DESCRIBE_METRIC_FILTERS, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(None) if next_token.is_none() => return Ok(Fact::Known(None)),
                Fact::Known(None) => {
                    return Ok(Fact::Unread(Unread::not_found(DESCRIBE_METRIC_FILTERS)));
                }
                Fact::Known(Some(page)) => {
                    let page_filters = page.metric_filters.unwrap_or_default();
                    filters.extend(page_filters.into_iter().map(Self::from));
                    next_token = page.next_token;
                }
            }
            if next_token.is_none() {
                return Ok(Fact::Known(Some(filters)));
            }
        }
    }

    /// Returns whether it does not see every event of its group as it was written.
    pub fn is_narrowed(&self) -> bool {
        let criteria = self.field_selection_criteria.as_deref();
        self.apply_on_transformed_logs
            || criteria.is_some_and(|criteria| !criteria.trim().is_empty())
    }
}

impl FeedingFilter {
    /// Reads the filters of all log groups that feed `metric`.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub(crate) async fn observe(
        account: &Account,
        metric: &Metric,
    ) -> Result<Fact<Vec<Self>>, CallError> {
        let request = logs(account)
            .describe_metric_filters()
            .metric_namespace(&metric.namespace)
            .metric_name(&metric.metric_name);
        let mut filters = Vec::new();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token).send();
            let page = match account.list(DESCRIBE_METRIC_FILTERS, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(page) => page,
            };
            for mut filter in page.metric_filters.unwrap_or_default() {
                let Some(log_group_name) = filter.log_group_name.take() else {
                    return Ok(Fact::Unread(Unread::ValueMissing {
                        action: DESCRIBE_METRIC_FILTERS.to_owned(),
                        value: "logGroupName".to_owned(),
                    }));
                };
                filters.push(Self {
                    log_group_name,
                    filter: filter.into(),
                });
            }
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(Fact::Known(filters));
            }
        }
    }
}

impl MetricTransformation {
    /// The value that it publishes for every event, if it is one number.
    pub fn number(&self) -> Option<f64> {
        let number: f64 = self.metric_value.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// The metric that it feeds; with dimensions it is not one but many.
    pub fn metric(&self) -> Metric {
        Metric {
            namespace: self.metric_namespace.clone(),
            metric_name: self.metric_name.clone(),
            dimensions: BTreeMap::new(),
        }
    }
}

/// The log group's name, as in `…:log-group:NAME` and `…:log-group:NAME:*`.
pub fn log_group_name(log_group: &Arn) -> &str {
    let resource = log_group.resource();
    let name = resource.strip_prefix("log-group:").unwrap_or(resource);
    name.strip_suffix(":*").unwrap_or(name)
}

impl From<types::MetricFilter> for MetricFilter {
    fn from(filter: types::MetricFilter) -> Self {
        let transformations = filter.metric_transformations.unwrap_or_default();
        Self {
            filter_name: filter.filter_name.unwrap_or_default(),
            filter_pattern: filter.filter_pattern.unwrap_or_default(),
            metric_transformations: transformations.into_iter().map(Into::into).collect(),
            apply_on_transformed_logs: filter.apply_on_transformed_logs,
            field_selection_criteria: filter.field_selection_criteria,
            emit_system_field_dimensions: filter.emit_system_field_dimensions.unwrap_or_default(),
        }
    }
}

impl From<types::MetricTransformation> for MetricTransformation {
    fn from(transformation: types::MetricTransformation) -> Self {
        let dimensions = transformation.dimensions.unwrap_or_default();
        Self {
            metric_namespace: transformation.metric_namespace,
            metric_name: transformation.metric_name,
            metric_value: transformation.metric_value,
            default_value: transformation.default_value,
            dimensions: dimensions.into_iter().collect(),
            unit: transformation.unit.map(|unit| unit.as_str().to_owned()),
        }
    }
}
