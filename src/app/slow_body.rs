//! Bodies with an end: one that has not come whole in time is an error.
//!
//! A limit on each pause would let a client that sends an octet now and then keep
//! its connection for days; the limit here is on the whole body.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

/// A request's body, which must have come within a time.
pub(super) struct SlowBody {
    body: Incoming,
    /// Begins with the first wait: most bodies are here already.
    end: Option<Pin<Box<Sleep>>>,
    time: Duration,
}

impl SlowBody {
    /// The body, from now on.
    pub(super) const fn new(body: Incoming, time: Duration) -> Self {
        Self {
            body,
            end: None,
            time,
        }
    }
}

/// The time was up.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
struct TooSlow;

impl Body for SlowBody {
    type Data = hyper::body::Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let time = this.time;
        let end = this
            .end
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        end.as_mut()
            .poll(context)
            .map(|()| Some(Err(Box::from(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
