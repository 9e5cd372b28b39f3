//! Root activity in real time: from the events of every account and Region to one
//! notification that somebody can act on.
//!
//! [`Input::read`] parses a message and decides whether it is believed, [`classify()`] gives a
//! record its meaning, [`triage()`] decides about every message of a batch. All of that is pure.
//! [`lambda`] carries the decisions out.

mod aws;
mod chat;
mod classify;
mod controls;
mod exposure;
mod facts;
mod function;
mod input;
mod kind;
pub mod lambda;
mod listed;
mod memory;
mod message;
mod notice;
mod publication;
mod record;
mod session_task;
mod settings;
mod tampering;
mod triage;
mod wording;

pub use aws::{ACTIONS, DeliveryError, EVALUATION_ACTIONS};
pub use classify::{Class, Silence, classify};
pub use controls::CONTROLS;
pub use facts::{CallCount, Event, Facts};
pub use function::{Answer, BatchItemFailure, Function, FunctionError};
pub use input::{DRILL_SOURCE, Drill, Evaluate, Input, Note, Session, Unauthenticated, Unreadable};
pub use kind::{Kind, Severity};
pub use memory::Memory;
pub use message::{BatchError, Message};
pub use notice::Notice;
pub use publication::Publication;
pub use record::{Mfa, Outcome, Record, RecordError};
pub use settings::{SettingError, Settings, variables};
pub use tampering::{Tampering, Watched};
pub use triage::{Dead, HOLD, Held, Plan, triage};
