//! Concurrency: how much of an account's quota functions reserve, and what Lambda refuses.

use crate::organization::Account;
use crate::request::Request;
use crate::wire::{Failure, Structure};

/// Concurrent executions that no reservation may take from an account
/// (`lambda-unreserved-concurrency`).
const UNRESERVED_MINIMUM: i64 = 10;

/// The sum of the reservations of an account in a Region, in concurrent executions, but for
/// those of one function.
fn reserved(account: &Account, region: &str, except: Option<&str>) -> i64 {
    let functions = account.functions.iter();
    let others = functions.filter(|function| {
        function.region == region && (except.is_none() || function.text("FunctionName") != except)
    });
    others
        .filter_map(|function| {
            function
                .members
                .get("ReservedConcurrentExecutions")?
                .as_i64()
        })
        .sum()
}

/// Refuses a reservation that would leave the account fewer unreserved concurrent executions
/// than it must keep.
///
/// # Errors
/// Lambda's own message.
pub(crate) fn check_reservation(
    account: &Account,
    region: &str,
    function: &str,
    executions: i64,
) -> Result<(), String> {
    let others = reserved(account, region, Some(function));
    let left = account
        .concurrent_executions
        .saturating_sub(others)
        .saturating_sub(executions);
    if left < UNRESERVED_MINIMUM {
        return Err(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's \
             UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MINIMUM}]."
        ));
    }
    Ok(())
}

/// Returns the quotas of the account in the Region. Code sizes are AWS's defaults in bytes.
pub(crate) fn get_account_settings(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    let account = account.ok_or_else(|| request.protocol.unknown_credentials())?;
    let left = account.concurrent_executions - reserved(&account, request.region, None);
    let is_function = |function: &&crate::Resource| {
        function.region == request.region && function.text("Qualifier").is_none()
    };
    let functions = account.functions.iter().filter(is_function).count();
    let limits = Structure::new()
        .with("TotalCodeSize", 80_530_636_800_i64)
        .with("CodeSizeUnzipped", 262_144_000_i64)
        .with("CodeSizeZipped", 52_428_800_i64)
        .with("ConcurrentExecutions", account.concurrent_executions)
        .with("UnreservedConcurrentExecutions", left);
    let usage = Structure::new().with("TotalCodeSize", 0_i64).with(
        "FunctionCount",
        i64::try_from(functions).unwrap_or(i64::MAX),
    );
    Ok(Structure::new()
        .with("AccountLimit", limits)
        .with("AccountUsage", usage))
}
