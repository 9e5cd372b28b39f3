//! The clients of the services that an alarm's chain runs through.

use config_rule::Account;

macro_rules! client {
    ($name:ident, $service:ident) => {
        pub(crate) fn $name(account: &Account) -> $service::Client {
            let config = $service::config::Builder::from(account.sdk())
                .retry_partition(account.retry_partition())
                .build();
            $service::Client::from_conf(config)
        }
    };
}

client!(logs, aws_sdk_cloudwatchlogs);
client!(cloudwatch, aws_sdk_cloudwatch);
client!(sns, aws_sdk_sns);
client!(kms, aws_sdk_kms);
client!(lambda, aws_sdk_lambda);
