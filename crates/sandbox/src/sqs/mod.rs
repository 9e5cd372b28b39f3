//! SQS: standard queues and the messages in them.
//!
//! Messages are delivered in order and once, unless they are not deleted; AWS promises
//! neither. A receive never waits: there is a message or there is none.

mod event_source;
mod gauges;
mod messages;
mod queues;

pub use event_source::Poll;
pub(crate) use event_source::{poll, poll_wired, visibility_timeout};
pub(crate) use gauges::publish_gauges;
pub use messages::QueuedMessage;
pub(crate) use messages::{
    CHANGE_VISIBILITY_BATCH, DELETE_MESSAGE, Queues, RECEIVE_MESSAGE, SEND_MESSAGE,
    change_message_visibility_batch, delete_message, deliver, receive_message, send_message,
};
pub(crate) use queues::{QUEUE, on_queue, policy_of};
