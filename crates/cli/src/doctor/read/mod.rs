//! Reading what the examinations look at: each thing once.

mod account;
mod organization;
mod policies;
mod stack_sets;

use std::cell::Cell;
use std::future::Future;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use config_rule::{Account, CallError, Fact, Unread};

pub(super) use account::{ACTIONS, account};
pub(super) use organization::{management_account, organization};

/// Asks an account, and remembers whether AWS throttled it to the end.
pub(super) struct FactReader {
    account: Account,
    throttled: Cell<bool>,
}

impl FactReader {
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            throttled: Cell::new(false),
        }
    }

    /// Returns whether asking later may tell more.
    pub(super) fn is_throttled(&self) -> bool {
        self.throttled.get()
    }

    /// Returns what a call answers; nothing where AWS says that there is no such thing. Whatever
    /// hinders it is a fact too, and hides nothing else.
    fn ask<'a, T, E, R>(
        &'a self,
        action: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, R>>> + 'a,
    ) -> impl Future<Output = Result<Option<T>, Unread>> + 'a
    where
        T: 'a,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'a,
    {
        self.ask_in(&self.account, action, call)
    }

    /// The same, where the call is made elsewhere than in the account's first Region.
    fn ask_in<'a, T, E, R>(
        &'a self,
        account: &'a Account,
        action: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, R>>> + 'a,
    ) -> impl Future<Output = Result<Option<T>, Unread>> + 'a
    where
        T: 'a,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'a,
    {
        // On the heap: every future that waits for this one would hold it.
        let call = Box::pin(call);
        async move {
            match account.call(action, call).await {
                Ok(Fact::Known(answer)) => Ok(answer),
                Ok(Fact::Unread(unread)) => Err(unread),
                Err(error) => {
                    if let CallError::Throttled { .. } = error {
                        self.throttled.set(true);
                    }
                    Err(error.into_unread())
                }
            }
        }
    }
}

/// As a fact.
fn fact<T>(read: Result<T, Unread>) -> Fact<T> {
    read.map_or_else(Fact::Unread, Fact::Known)
}

/// Reads the time of an SDK's answer.
fn latest(
    times: impl Iterator<Item = Option<aws_sdk_config::primitives::DateTime>>,
) -> Option<config_rule::Timestamp> {
    times.flatten().map(config_rule::Timestamp::from).max()
}
