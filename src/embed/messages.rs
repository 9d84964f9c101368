//! What a session in process gets without asking: messages of channels, invalidations, the lines of MONITOR.
//!
//! They wait in the session's mailbox until somebody asks for them, bounded as those of a client on a socket are: a session
//! that lets too much wait is ended. Read next: `broker/mailbox.rs`.

use super::session::block_on;
use super::{Error, Session};
use crate::broker::client::Traffic;
use crate::reply::Reply;
use bytes::Bytes;

/// A message that was published to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The channel.
    pub channel: Bytes,
    /// The pattern that matched it, if the session listens to a pattern.
    pub pattern: Option<Bytes>,
    /// What was published.
    pub payload: Bytes,
}

impl Message {
    /// The message in a push; none if it says something else.
    fn of(push: Reply) -> Option<Message> {
        let Reply::Push(items) = push else { return None };
        let bulk = |reply: &Reply| match reply {
            Reply::Bulk(bytes) => Some(bytes.clone()),
            _ => None,
        };
        let parts: Vec<Bytes> = items.iter().map_while(bulk).collect();
        match (parts.first().map(|kind| &**kind)?, &parts[1..]) {
            (b"message" | b"smessage", [channel, payload]) => {
                Some(Message { channel: channel.clone(), pattern: None, payload: payload.clone() })
            }
            (b"pmessage", [pattern, channel, payload]) => {
                Some(Message { channel: channel.clone(), pattern: Some(pattern.clone()), payload: payload.clone() })
            }
            _ => None,
        }
    }
}

impl Session {
    /// Listens to channels. The messages come from the subscription; the session can be used meanwhile.
    ///
    /// ```
    /// let broker = brooklet::Broker::in_memory();
    /// let (listener, speaker) = (broker.session(), broker.session());
    /// let mut news = listener.subscribe(["news"])?;
    /// speaker.call(["PUBLISH", "news", "it rains"])?;
    /// assert_eq!(news.next().unwrap().payload, "it rains");
    /// # Ok::<(), brooklet::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Session::call`].
    pub fn subscribe<T: AsRef<[u8]>>(&self, channels: impl IntoIterator<Item = T>) -> Result<Subscription<'_>, Error> {
        self.listen("SUBSCRIBE", channels)
    }

    /// Listens to all channels that match one of these patterns.
    ///
    /// # Errors
    /// See [`Session::call`].
    pub fn psubscribe<T: AsRef<[u8]>>(&self, patterns: impl IntoIterator<Item = T>) -> Result<Subscription<'_>, Error> {
        self.listen("PSUBSCRIBE", patterns)
    }

    fn listen<T: AsRef<[u8]>>(
        &self,
        verb: &'static str,
        names: impl IntoIterator<Item = T>,
    ) -> Result<Subscription<'_>, Error> {
        let names = names.into_iter().map(|name| name.as_ref().to_vec());
        self.call(std::iter::once(verb.as_bytes().to_vec()).chain(names))?;
        Ok(Subscription { session: self })
    }

    /// The next thing that came without being asked for, as it is sent to a client that speaks RESP3; confirmations of
    /// subscriptions are among them. Blocks this thread until there is one.
    ///
    /// # Errors
    /// [`Error::Ended`] when the session or the broker has ended.
    pub fn next_push(&self) -> Result<Reply, Error> {
        block_on(self.next_push_async())
    }

    /// [`Session::next_push`] as a future, for any runtime. One that is dropped before it is ready may lose a message.
    ///
    /// # Errors
    /// As there.
    pub async fn next_push_async(&self) -> Result<Reply, Error> {
        loop {
            if let Some(push) = self.take_push().await? {
                return Ok(push);
            }
            tokio::select! {
                biased;
                () = self.seat.outside().notified() => {}
                _ = self.seat.shared().tasks().ended() => return Err(Error::Ended),
            }
        }
    }

    /// What is there already, if there is something.
    ///
    /// # Errors
    /// As [`Session::next_push`].
    pub fn try_next_push(&self) -> Result<Option<Reply>, Error> {
        block_on(self.take_push())
    }

    async fn take_push(&self) -> Result<Option<Reply>, Error> {
        let mut taken = None;
        let told = self.seat.collect(Traffic::default(), 1, false, |_, message| taken = Some(message));
        if told.killed {
            return Err(Error::Ended);
        }
        if let Some(ticket) = told.ticket {
            self.commit(ticket).await?;
        }
        Ok(taken.map(|message| message.body().clone()))
    }
}

/// The messages of a session that listens: an iterator that waits for the next one, and ends with the session. Dropping it
/// does not end the subscriptions; UNSUBSCRIBE, or the end of the session, does.
pub struct Subscription<'a> {
    session: &'a Session,
}

impl Subscription<'_> {
    /// The next message, as a future.
    ///
    /// # Errors
    /// [`Error::Ended`] when the session or the broker has ended.
    pub async fn next_async(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(message) = Message::of(self.session.next_push_async().await?) {
                return Ok(message);
            }
        }
    }

    /// The next message if it is there already.
    ///
    /// # Errors
    /// As [`Subscription::next_async`].
    pub fn try_next(&mut self) -> Result<Option<Message>, Error> {
        while let Some(push) = self.session.try_next_push()? {
            if let Some(message) = Message::of(push) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}

impl Iterator for Subscription<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        block_on(self.next_async()).ok()
    }
}
