//! The rules that this crate lets AWS Config evaluate, by their names.

pub(crate) const NO_ROOT_KEYS: &str = "rootguard-no-root-keys";
pub(crate) const HARDWARE_ROOT_MFA: &str = "rootguard-hardware-root-mfa";
pub(crate) const TRAIL_LOGGING: &str = "rootguard-trail-logging";
pub(crate) const ROOT_USAGE_ALARM: &str = "rootguard-root-usage-alarm";

/// All of them.
pub const CONTROLS: &[&str] = &[
    NO_ROOT_KEYS,
    HARDWARE_ROOT_MFA,
    TRAIL_LOGGING,
    ROOT_USAGE_ALARM,
];
