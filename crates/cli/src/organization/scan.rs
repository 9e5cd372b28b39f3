//! Visiting accounts: as many at once as AWS serves without throttling.

use std::collections::VecDeque;
use std::future::Future;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::members::Member;
use super::pace::Pace;
use crate::progress;

/// Number of accounts that are looked at at once at most. More would not be faster: what an
/// account is asked, it is asked one after the other, and STS, which all accounts share,
/// throttles the account that asks.
const MOST_AT_ONCE: usize = 40;

/// Number of times that an account that AWS throttles to the end is tried.
const MAX_VISITS: u32 = 4;

/// Result of a visit.
pub(crate) trait ScanOutcome {
    /// Returns whether another visit may see more.
    fn is_throttled(&self) -> bool;
}

/// Visits each of `members`, and hands over what came of it; one that AWS throttles to the
/// end comes again after the others.
pub(crate) async fn scan_all<'a, V, F>(
    members: impl IntoIterator<Item = &'a Member>,
    visit: impl Fn(&'a Member) -> F,
    mut arrived: impl FnMut(&'a Member, V) -> anyhow::Result<()>,
) -> anyhow::Result<()>
where
    V: ScanOutcome,
    F: Future<Output = V>,
{
    let mut waiting: VecDeque<_> = members.into_iter().map(|member| (member, 1)).collect();
    let bar = progress::accounts(waiting.len());
    let mut pace = Pace::up_to(MOST_AT_ONCE);
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < pace.limit()
            && let Some((member, number)) = waiting.pop_front()
        {
            let visit = visit(member);
            under_way.push(async move { (member, number, visit.await) });
        }
        let Some((member, number, visited)) = under_way.next().await else {
            break;
        };
        if visited.is_throttled() {
            pace.throttled();
            if number < MAX_VISITS {
                waiting.push_back((member, number + 1));
                continue;
            }
        } else {
            pace.succeeded();
        }
        arrived(member, visited)?;
        bar.inc(1);
        bar.set_message(member.name.clone());
    }
    bar.finish_and_clear();
    Ok(())
}
