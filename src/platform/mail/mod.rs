//! Mail out: letters are written into an outbox in the transaction of what causes
//! them, and taken to the mail server afterwards.
//!
//! A letter that was written is sent, by one process of the fleet at a time, and
//! again with growing pauses while the server does not take it. The same
//! Message-ID goes with every try. Where a process dies, or the connection breaks,
//! between the server's acceptance and our knowledge of it, the letter is sent
//! once more: SMTP (RFC 5321 §6.1) leaves a sender no other way to be sure that it
//! is not lost.

pub mod letter;
pub mod outbox;
pub mod smtp;

pub use letter::Letter;
pub use outbox::{Claimed, MailId, MailState, Outbox};
pub use smtp::{Fault, Smtp, check_sender};
