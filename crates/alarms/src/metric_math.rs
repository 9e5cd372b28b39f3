//! Which metric an alarm watches, and through what.

use crate::metric_alarm::{Metric, MetricAlarm, MetricDataQuery, MetricStat};
use crate::simulation::{Comparison, MissingData, Settings, Statistic};

/// Maximum nesting of expressions. Deeper ones are not understood.
const MAX_DEPTH: u32 = 10;

/// Reason why it is not settled what an alarm watches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricMathError {
    /// An expression that is more than the metric, `FILL` or `SUM` of it.
    #[error("its metric math is more than FILL or SUM of the one metric")]
    Expression,
    /// A `PromQL` query, which may select any metric.
    #[error("it evaluates a PromQL query")]
    PromQl,
    /// A Metrics Insights query or a search expression.
    #[error("it evaluates a query that may read the metric")]
    Query,
    /// A band that is learnt from data.
    #[error("its threshold is an anomaly detection band")]
    AnomalyDetection,
    /// A statistic whose value for one sample is not documented.
    #[error("its statistic is {0}")]
    Statistic(String),
    /// Periods that start and end by the clock.
    #[error("its evaluation window follows the clock")]
    WallClockWindow,
    /// A setting that AWS did not give or that did not exist when this was written.
    #[error("its {0} is not one that is known")]
    Setting(&'static str),
}

impl MetricAlarm {
    /// The metrics that the alarm says anything about.
    pub fn metrics_named(&self) -> impl Iterator<Item = &Metric> {
        let queries = self.metrics.iter();
        let of_queries = queries.filter_map(|query| query.metric_stat.as_ref());
        self.metric
            .iter()
            .chain(of_queries)
            .map(|stat| &stat.metric)
    }

    /// Returns how the alarm looks at `metric`. `None` if it watches something else.
    ///
    /// # Errors
    /// If it may watch the metric, but not in a way that is understood.
    pub fn settings_for(&self, metric: &Metric) -> Result<Option<Settings>, MetricMathError> {
        if self.is_prom_ql {
            return Err(MetricMathError::PromQl);
        }
        if !self.metrics_named().any(|named| named == metric) {
            let mut expressions = self.metrics.iter().filter_map(|q| q.expression.as_deref());
            return if expressions.any(|expression| may_query(expression, metric)) {
                Err(MetricMathError::Query)
            } else {
                Ok(None)
            };
        }
        if self.threshold_metric_id.is_some() {
            return Err(MetricMathError::AnomalyDetection);
        }
        if self.is_wall_clock_window {
            return Err(MetricMathError::WallClockWindow);
        }
        let Some((stat, fill)) = self.returned_series()? else {
            return Ok(None);
        };
        if stat.metric == *metric {
            self.settings(stat, fill).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The metric behind the series that decides, and what `FILL` puts in place
    /// of missing data. `None` if it is another account's metric.
    fn returned_series(&self) -> Result<Option<(&MetricStat, Option<f64>)>, MetricMathError> {
        if let Some(stat) = &self.metric {
            return Ok(Some((stat, None)));
        }
        let mut returned = self.metrics.iter().filter(|query| query.return_data);
        let (Some(query), None) = (returned.next(), returned.next()) else {
            return Err(MetricMathError::Expression);
        };
        let (source, fill) = match &query.expression {
            None => (query, None),
            Some(expression) => self
                .source_of(expression.trim(), 0)
                .ok_or(MetricMathError::Expression)?,
        };
        let own = self.alarm_arn.account();
        if source.account_id.as_deref().is_some_and(|id| id != own) {
            return Ok(None);
        }
        let stat = source.metric_stat.as_ref();
        stat.map(|stat| Some((stat, fill)))
            .ok_or(MetricMathError::Expression)
    }

    /// Reads `id`, `SUM(…)`, `SUM([…])`, `SUM(METRICS())` and `FILL(…, number)`.
    fn source_of(&self, text: &str, depth: u32) -> Option<(&MetricDataQuery, Option<f64>)> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(query) = self.metrics.iter().find(|query| query.id == text) {
            return match &query.expression {
                None => Some((query, None)),
                Some(expression) => self.source_of(expression.trim(), depth + 1),
            };
        }
        if let Some(argument) = argument_of("SUM", text) {
            let list = argument.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
            return if argument == "METRICS()" {
                let mut metrics = self.metrics.iter().filter(|q| q.metric_stat.is_some());
                let only = metrics.next().filter(|_| metrics.next().is_none());
                only.map(|query| (query, None))
            } else {
                self.source_of(list.unwrap_or(argument).trim(), depth + 1)
            };
        }
        let (series, fill) = argument_of("FILL", text)?.rsplit_once(',')?;
        let (query, filled) = self.source_of(series.trim(), depth + 1)?;
        let fill: f64 = fill
            .trim()
            .parse()
            .ok()
            .filter(|fill: &f64| fill.is_finite())?;
        // What was filled once has nothing missing any more.
        Some((query, filled.or(Some(fill))))
    }

    fn settings(&self, stat: &MetricStat, fill: Option<f64>) -> Result<Settings, MetricMathError> {
        let positive = |value: Option<i32>| {
            value
                .and_then(|value| u32::try_from(value).ok())
                .filter(|value| *value > 0)
        };
        let periods = positive(self.evaluation_periods);
        let periods = periods.ok_or(MetricMathError::Setting("EvaluationPeriods"))?;
        let datapoints = match self.datapoints_to_alarm {
            None => periods,
            given => positive(given).ok_or(MetricMathError::Setting("DatapointsToAlarm"))?,
        };
        Ok(Settings {
            statistic: statistic(&stat.stat)?,
            period: positive(Some(stat.period)).ok_or(MetricMathError::Setting("Period"))?,
            evaluation_periods: periods,
            datapoints_to_alarm: datapoints,
            threshold: self
                .threshold
                .ok_or(MetricMathError::Setting("Threshold"))?,
            comparison: self.comparison()?,
            missing_data: match self.treat_missing_data.as_deref() {
                None | Some("missing") => MissingData::Missing,
                Some("ignore") => MissingData::Ignore,
                Some("breaching") => MissingData::Breaching,
                Some("notBreaching") => MissingData::NotBreaching,
                Some(_) => return Err(MetricMathError::Setting("TreatMissingData")),
            },
            unit: stat.unit.clone(),
            ignores_few_samples: match self.evaluate_low_sample_count_percentile.as_deref() {
                None | Some("evaluate") => false,
                Some("ignore") => true,
                Some(_) => {
                    return Err(MetricMathError::Setting("EvaluateLowSampleCountPercentile"));
                }
            },
            fill,
        })
    }

    fn comparison(&self) -> Result<Comparison, MetricMathError> {
        Ok(match self.comparison_operator.as_deref() {
            Some("GreaterThanOrEqualToThreshold") => Comparison::GreaterThanOrEqualToThreshold,
            Some("GreaterThanThreshold") => Comparison::GreaterThanThreshold,
            Some("LessThanThreshold") => Comparison::LessThanThreshold,
            Some("LessThanOrEqualToThreshold") => Comparison::LessThanOrEqualToThreshold,
            Some(
                "LessThanLowerOrGreaterThanUpperThreshold"
                | "LessThanLowerThreshold"
                | "GreaterThanUpperThreshold",
            ) => return Err(MetricMathError::AnomalyDetection),
            _ => return Err(MetricMathError::Setting("ComparisonOperator")),
        })
    }
}

/// Percentiles of one sample are that sample. What trimmed and winsorized
/// statistics and ranks make of one sample is not documented.
fn statistic(name: &str) -> Result<Statistic, MetricMathError> {
    Ok(match name {
        "SampleCount" => Statistic::SampleCount,
        "Average" => Statistic::Average,
        "Sum" => Statistic::Sum,
        "Minimum" => Statistic::Minimum,
        "Maximum" => Statistic::Maximum,
        _ => {
            let percent = name.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
            if !percent.is_some_and(|percent| (0.0..=100.0).contains(&percent)) {
                return Err(MetricMathError::Statistic(name.to_owned()));
            }
            Statistic::Percentile
        }
    })
}

/// Returns whether an expression is a query that may read a metric: a Metrics Insights query of
/// its name and namespace, or a search expression, whose tokens match in part.
fn may_query(expression: &str, metric: &Metric) -> bool {
    let expression = expression.trim();
    let is_search = expression.to_ascii_uppercase().contains("SEARCH(");
    is_search || selected(expression).is_some_and(|query| query.may_read(metric))
}

/// The metric of a Metrics Insights query: `SELECT SUM(name) FROM namespace …`. A part that
/// is not understood is `None`.
struct Selected {
    name: Option<String>,
    namespace: Option<String>,
}

impl Selected {
    fn may_read(&self, metric: &Metric) -> bool {
        let may_be = |part: &Option<String>, text: &str| part.as_deref().is_none_or(|p| p == text);
        may_be(&self.name, &metric.metric_name) && may_be(&self.namespace, &metric.namespace)
    }
}

fn selected(expression: &str) -> Option<Selected> {
    let (select, rest) = expression.split_at_checked(6)?;
    if !select.eq_ignore_ascii_case("SELECT") || !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let parts = || {
        let (_, rest) = rest.split_once('(')?;
        let (name, rest) = identifier(rest)?;
        let rest = rest.trim_start().strip_prefix(')')?.trim_start();
        let (from, rest) = rest.split_at_checked(4)?;
        let rest = from
            .eq_ignore_ascii_case("FROM")
            .then_some(rest)?
            .trim_start();
        let schema = rest
            .split_at_checked(6)
            .filter(|(s, _)| s.eq_ignore_ascii_case("SCHEMA"));
        let schema = schema.and_then(|(_, rest)| rest.trim_start().strip_prefix('('));
        let (namespace, _) = identifier(schema.unwrap_or(rest))?;
        Some((name, namespace))
    };
    let (name, namespace) = parts().unzip();
    Some(Selected { name, namespace })
}

/// An identifier at the start of a text, in double quotes or not, and what follows it.
fn identifier(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((name.to_owned(), rest));
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_./#:-".contains(c)));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

/// Returns what stands between the parentheses of `FUNCTION(…)`.
fn argument_of<'a>(function: &str, text: &'a str) -> Option<&'a str> {
    let name = text.get(..function.len())?;
    let rest = text.get(function.len()..)?.trim_start();
    let argument = rest.strip_prefix('(')?.strip_suffix(')')?;
    name.eq_ignore_ascii_case(function).then(|| argument.trim())
}

#[cfg(test)]
mod tests;
