//! What a leader is given to handle, and which of it: topics, tags, handlers.

use crate::error::ConfigError;
use crate::lease::LeaderGuard;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// Any error of the user's own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Fields and values, in order.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// One entry of a topic.
#[derive(Clone, Debug)]
pub struct Message {
    /// The topic: the stream's key.
    pub topic: Arc<str>,
    /// The entry's id.
    pub id: String,
    /// Its fields, in order.
    pub fields: Fields,
    /// The proof of leading under which it is handled.
    pub guard: LeaderGuard,
}

impl Message {
    /// The first field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// A field as text; none if it is missing or no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.field(name)?).ok()
    }
}

/// Which tags are wanted: `*` for all, or some with `||` between them, as in RocketMQ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags(Option<Vec<String>>);

impl Tags {
    /// Reads an expression.
    ///
    /// # Errors
    /// An empty expression, or an empty tag between two bars.
    pub fn parse(expression: &str) -> Result<Self, ConfigError> {
        let wrong = |why: &str| ConfigError::new("tags", format!("{expression:?}: {why}"));
        match expression.trim() {
            "*" => Ok(Self(None)),
            "" => Err(wrong("it is empty; `*` takes all")),
            some => {
                let tags: Vec<String> = some.split("||").map(|tag| tag.trim().to_owned()).collect();
                match tags.iter().any(|tag| tag.is_empty() || tag == "*") {
                    true => Err(wrong("each part between `||` is one tag, and `*` stands alone")),
                    false => Ok(Self(Some(tags))),
                }
            }
        }
    }

    /// Whether a message with this tag is wanted. One without a tag is wanted by `*` only.
    #[must_use]
    pub fn want(&self, tag: Option<&[u8]>) -> bool {
        match &self.0 {
            None => true,
            Some(tags) => tag.is_some_and(|tag| tags.iter().any(|wanted| wanted.as_bytes() == tag)),
        }
    }
}

type Handle = dyn Fn(Message) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync;

/// Who handles what of one topic.
#[derive(Clone)]
pub struct Subscription {
    /// The topic.
    pub topic: Arc<str>,
    /// The tags.
    pub tags: Tags,
    handle: Arc<Handle>,
}

impl Subscription {
    pub(crate) fn new<F, Fut, E>(topic: &str, tags: &str, handler: F) -> Result<Self, ConfigError>
    where
        F: Fn(Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        if topic.is_empty() {
            return Err(ConfigError::new("topic", "it is empty"));
        }
        let handle: Arc<Handle> = Arc::new(move |message| {
            let handled = handler(message);
            Box::pin(async move { handled.await.map_err(Into::into) })
        });
        Ok(Self { topic: topic.into(), tags: Tags::parse(tags)?, handle })
    }

    /// Calls the handler.
    ///
    /// # Errors
    /// The handler's own.
    pub async fn handle(&self, message: Message) -> Result<(), BoxError> {
        (self.handle)(message).await
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("topic", &self.topic).field("tags", &self.tags).finish_non_exhaustive()
    }
}

/// All subscriptions, remembered from one term to the next. Whoever reads them can wait for the next change.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    all: Arc<watch::Sender<Vec<Subscription>>>,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self { all: Arc::new(watch::channel(Vec::new()).0) }
    }
}

impl Subscriptions {
    /// Those of now, one per topic.
    #[must_use]
    pub fn current(&self) -> Vec<Subscription> {
        self.all.borrow().clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Vec<Subscription>> {
        self.all.subscribe()
    }

    /// Adds one. A topic has one: the last word counts.
    pub(crate) fn add(&self, new: Subscription) {
        self.all.send_modify(|all| match all.iter_mut().find(|known| known.topic == new.topic) {
            Some(known) => *known = new,
            None => all.push(new),
        });
    }

    pub(crate) fn remove(&self, topic: &str) -> bool {
        self.all.send_if_modified(|all| {
            let before = all.len();
            all.retain(|known| &*known.topic != topic);
            all.len() < before
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_takes_all_and_an_expression_its_tags() {
        let tags = |expression| Tags::parse(expression).unwrap();
        assert!(tags("*").want(Some(b"a")) && tags("*").want(None));
        assert!(tags("a || b").want(Some(b"a")) && tags("a||b").want(Some(b"b")));
        assert!(!tags("a||b").want(Some(b"c")) && !tags("a").want(None));
    }

    #[test]
    fn expressions_that_make_no_sense_are_refused() {
        for wrong in ["", "  ", "a||", "||", "a || *"] {
            assert!(Tags::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_topic_has_one_subscription_the_last() {
        let all = Subscriptions::default();
        let subscription = |tags| Subscription::new("t", tags, |_| async { Ok::<(), BoxError>(()) }).unwrap();
        all.add(subscription("a"));
        all.add(subscription("b"));
        assert_eq!(all.current().len(), 1);
        assert!(all.current()[0].tags.want(Some(b"b")));
        assert!(all.remove("t") && !all.remove("t"));
    }
}
