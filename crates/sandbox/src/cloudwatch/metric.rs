//! Metrics, and what alarms make of them, as shapes.

use super::NAME;
use crate::wire::{Allowed, Shape, integer, list, member, one_of, required, text, text_of};

pub(crate) const UNIT: Shape = one_of(&[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
]);

pub(super) const NAMESPACE: Shape = text_of(
    Allowed::Pattern(r"[^:].*", |text| !text.starts_with(':')),
    1,
    255,
);

pub(super) const DIMENSIONS: Shape = list(
    &Shape::Structure(&[
        required("Name", text(1, 255)),
        required("Value", text(1, 1024)),
    ]),
    0,
    30,
);

pub(super) const STATISTIC: Shape =
    one_of(&["SampleCount", "Average", "Sum", "Minimum", "Maximum"]);

/// A length in seconds or a count: at least one.
pub(super) const POSITIVE: Shape = integer(1, i32::MAX as i64);

/// The lines of metric math. An alarm takes 20 of them.
pub(super) const METRICS: Shape = list(
    &Shape::Structure(&[
        required("Id", text(1, 255)),
        member(
            "MetricStat",
            Shape::Structure(&[
                required(
                    "Metric",
                    Shape::Structure(&[
                        member("Namespace", NAMESPACE),
                        member("MetricName", NAME),
                        member("Dimensions", DIMENSIONS),
                    ]),
                ),
                required("Period", POSITIVE),
                required("Stat", text(0, usize::MAX)),
                member("Unit", UNIT),
            ]),
        ),
        member("Expression", text(1, 2048)),
        member("Label", text(0, usize::MAX)),
        member("ReturnData", Shape::Boolean),
        member("Period", POSITIVE),
        member("AccountId", text(1, 255)),
    ]),
    0,
    20,
);

pub(super) const COMPARISON: Shape = one_of(&[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
]);

pub(super) const EVALUATION_CRITERIA: Shape = Shape::Structure(&[member(
    "PromQLCriteria",
    Shape::Structure(&[
        required("Query", text(1, 10000)),
        member("PendingPeriod", integer(0, 86400)),
        member("RecoveryPeriod", integer(0, 86400)),
    ]),
)]);

pub(super) const EVALUATION_WINDOW: Shape = Shape::Structure(&[
    member("SlidingWindow", Shape::Structure(&[])),
    member(
        "WallClockWindow",
        Shape::Structure(&[member("Timezone", text(0, usize::MAX))]),
    ),
]);

pub(super) const WARM_UP: Shape = Shape::Structure(&[
    required("WarmUpPeriodDurationInMinutes", POSITIVE),
    member("OnlyStartEvaluatingAfterWarmUpPeriodEnds", Shape::Boolean),
]);
