//! Root activity in real time: from the events of every account and Region to one
//! notification that somebody can act on.
//!
//! [`Input::read`] reads what arrives and says whether it is believed, [`classify`] what a
//! record means, [`triage`] what becomes of every message of a batch. All of that is pure.
//! [`lambda`] does what was decided.

mod aws;
mod classify;
mod controls;
mod function;
mod input;
mod kind;
pub mod lambda;
mod memory;
mod message;
mod notice;
mod record;
mod settings;
mod tampering;
mod triage;
mod wording;

pub use aws::{ACTIONS, DeliveryError, EVALUATION_ACTIONS};
pub use classify::{Class, Silence, classify};
pub use controls::CONTROLS;
pub use function::{Answer, BatchItemFailure, Function, FunctionError};
pub use input::{DRILL_SOURCE, Drill, Evaluate, Input, Note, Session, Unauthenticated, Unreadable};
pub use kind::{Kind, Severity};
pub use memory::Memory;
pub use message::{Message, NotABatch};
pub use notice::{CallCount, Facts, Notice};
pub use record::{Mfa, NotARecord, Outcome, Record};
pub use settings::{NotSet, Settings, variables};
pub use tampering::{Tampering, Watched};
pub use triage::{Dead, HOLD, Held, Plan, triage};
