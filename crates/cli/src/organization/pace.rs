//! How many accounts are looked at at once: as many as AWS serves without throttling.

/// Grows by one for as many successes as it is large, and halves when AWS throttles: how
/// TCP finds out what a network carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    limit: usize,
    most: usize,
    successes: usize,
}

impl Pace {
    /// Starts in the middle between one at a time and the most.
    pub(crate) fn up_to(most: usize) -> Self {
        Self {
            limit: most.div_ceil(2).max(1),
            most: most.max(1),
            successes: 0,
        }
    }

    /// Returns how many may be under way.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn succeeded(&mut self) {
        self.successes += 1;
        if self.successes >= self.limit {
            self.successes = 0;
            self.limit = (self.limit + 1).min(self.most);
        }
    }

    pub(crate) fn throttled(&mut self) {
        self.successes = 0;
        self.limit = (self.limit / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter;

    #[test]
    fn it_finds_the_most_and_never_exceeds_it() {
        let mut pace = Pace::up_to(32);
        assert_eq!(pace.limit(), 16);
        let limits = iter::repeat_with(|| {
            pace.succeeded();
            pace.limit()
        });
        let limits: Vec<_> = limits.take(1000).collect();
        assert!(limits.is_sorted());
        assert_eq!(limits.last(), Some(&32));
        // Sixteen successes for the seventeenth, not fewer.
        assert_eq!(limits.iter().filter(|limit| **limit == 16).count(), 15);
    }

    #[test]
    fn throttling_halves_it_and_something_always_goes_on() {
        let mut pace = Pace::up_to(9);
        let limits: Vec<_> = iter::repeat_with(|| {
            pace.throttled();
            pace.limit()
        })
        .take(4)
        .collect();
        assert_eq!(limits, [2, 1, 1, 1]);
        pace.succeeded();
        assert_eq!(pace.limit(), 2);
    }
}
