//! Streams as a client in the same process reads them.

use std::pin::Pin;
use std::task::Poll;

use actix_web::body::MessageBody;
use actix_web::web::{Bytes, BytesMut};
use futures_util::future::poll_fn;

/// What a body has to say before it would wait.
pub async fn so_far(body: impl MessageBody + 'static) -> Bytes {
    let mut body = body.boxed();
    let mut bytes = BytesMut::new();
    poll_fn(|context| {
        loop {
            match Pin::new(&mut body).poll_next(context) {
                Poll::Ready(Some(chunk)) => bytes.extend_from_slice(&chunk.unwrap()),
                Poll::Ready(None) | Poll::Pending => return Poll::Ready(()),
            }
        }
    })
    .await;
    bytes.freeze()
}
