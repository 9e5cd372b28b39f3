//! The clients of the services that an alarm's chain runs through.

use config_rule::Account;

macro_rules! client {
    ($visibility:vis $name:ident, $service:ident) => {
        /// A client of this service for an account.
        $visibility fn $name(account: &Account) -> $service::Client {
            let config = $service::config::Builder::from(account.sdk())
                .retry_partition(account.retry_partition())
                .build();
            $service::Client::from_conf(config)
        }
    };
}

client!(pub logs, aws_sdk_cloudwatchlogs);
client!(pub cloudwatch, aws_sdk_cloudwatch);
client!(pub sns, aws_sdk_sns);
client!(pub kms, aws_sdk_kms);
client!(pub(crate) lambda, aws_sdk_lambda);
