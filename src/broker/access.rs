//! Who a client is, and what follows when users change. Must never know: verbs, texts.

use super::Engine;
use super::client::{ClientId, Origin};
use super::pubsub::Space;
use super::strangers::Strangers;
use crate::acl::{self, Log, User, UserId, Users};
use crate::config;
use std::net::SocketAddr;

/// Users, and what was denied to them.
#[derive(Debug, Default)]
pub struct Access {
    /// All users.
    pub users: Users,
    /// What was denied.
    pub log: Log,
    /// Who has not logged in.
    pub strangers: Strangers,
}

impl Engine {
    /// Opens a client, which is the default user.
    pub fn open_client(&mut self, origin: Origin) -> ClientId {
        let now_ms = self.clock.now_ms();
        let id = self.clients.open(origin, false, now_ms);
        self.be_default(id);
        self.make_room(now_ms);
        id
    }

    /// Makes a client the default user again, which has to log in if that needs a password.
    pub fn be_default(&mut self, client: ClientId) {
        self.be(client, acl::DEFAULT, self.access.users.is_open());
    }

    /// Makes a client the user of this name, if the password is right.
    pub fn log_in(&mut self, client: ClientId, name: &[u8], password: &[u8]) -> bool {
        let users = &self.access.users;
        let id = users.id(name).filter(|id| users.get(*id).is_some_and(|user| user.accepts(password)));
        if let Some(id) = id {
            self.be(client, id, true);
        }
        id.is_some()
    }

    /// Ends strangers that have been here for longest, if there are too many.
    fn make_room(&mut self, now_ms: i64) {
        while let Some(oldest) = self.access.strangers.too_many(self.config.maxclients as usize) {
            let created_ms = self.clients.get(oldest).map_or(0, |c| c.created_ms);
            if !Strangers::had_time(created_ms, now_ms) {
                return;
            }
            self.access.strangers.note(oldest, false);
            self.kill(oldest);
        }
    }

    /// Notes how a client's password was; for how many milliseconds a wrong one is not answered. Who is on this machine is
    /// answered at once.
    pub fn note_password(&mut self, client: ClientId, was_right: bool) -> Option<u64> {
        let client = self.clients.get(client).filter(|c| !c.is_local())?;
        let from = client.addr.parse::<SocketAddr>().ok()?.ip();
        if was_right {
            self.access.strangers.succeeded(from);
            return None;
        }
        Some(self.access.strangers.failed(from, self.clock.now_ms()))
    }

    fn be(&mut self, client: ClientId, user: UserId, authenticated: bool) {
        self.access.strangers.note(client, !authenticated);
        let unrestricted = self.access.users.get(user).is_some_and(User::is_unrestricted);
        if let Some(c) = self.clients.get_mut(client) {
            (c.user, c.unrestricted, c.authenticated) = (user, unrestricted, authenticated);
        }
    }

    /// The user that a client is.
    pub fn user_of(&self, client: ClientId) -> Option<&User> {
        self.clients.get(client).and_then(|c| self.access.users.get(c.user))
    }

    /// Adds a user or changes what it may do; that holds at once for all who are this user.
    pub fn put_user(&mut self, user: User) {
        let name = user.name().to_vec();
        self.access.users.put(user);
        if let Some(id) = self.access.users.id(&name) {
            self.changed(&[id]);
        }
    }

    /// Removes a user and ends the connections of all who are it; whether there was one.
    pub fn remove_user(&mut self, name: &[u8]) -> bool {
        let removed = self.access.users.remove(name);
        if let Some(id) = removed {
            self.end_all(&[id]);
        }
        removed.is_some()
    }

    /// Takes over another set of users. Who was a user that is gone or differs has to come again.
    pub fn replace_users(&mut self, users: Vec<User>) {
        let names_default = users.iter().any(|user| user.name() == b"default");
        let differing = self.access.users.replace(users);
        if !names_default {
            // It is not to be open only because nobody thought of it.
            self.set_default_password();
        }
        let others: Vec<UserId> = differing.iter().copied().filter(|id| *id != acl::DEFAULT).collect();
        self.end_all(&others);
        self.changed(&differing);
    }

    /// Gives the default user this password and no other.
    pub fn set_default_password(&mut self) {
        let password = self.config.requirepass.expose().as_bytes().to_vec();
        self.access.users.set_password(&password);
    }

    /// The lines about users that the configuration file needs: none about a default user that has just the password of
    /// the option.
    pub fn user_lines(&self) -> Vec<String> {
        let mut usual = Users::default();
        usual.set_password(self.config.requirepass.expose().as_bytes());
        let needed = self.access.users.iter().filter(|user| usual.named(user.name()) != Some(*user));
        let quoted = |user: &User| {
            let line = String::from_utf8_lossy(&user.line()).into_owned();
            line.split(' ').map(config::quoted).collect::<Vec<_>>().join(" ")
        };
        needed.map(quoted).collect()
    }

    /// Brings clients up to date with what their users may do now.
    fn changed(&mut self, users: &[UserId]) {
        let all = &self.access.users;
        let mut deaf = Vec::new();
        for client in self.clients.iter_mut().filter(|c| users.contains(&c.user)) {
            let Some(user) = all.get(client.user) else { continue };
            client.unrestricted = user.is_unrestricted();
            if client.subscriber && !client.unrestricted {
                deaf.push((client.id, client.user));
            }
        }
        deaf.retain(|(client, user)| !self.may_listen_on(*client, *user));
        deaf.iter().for_each(|(client, _)| self.kill(*client));
        self.change_terms();
    }

    /// Whether a client may go on listening to all it listens to.
    fn may_listen_on(&self, client: ClientId, user: UserId) -> bool {
        let Some(user) = self.access.users.get(user) else { return false };
        [Space::Channel, Space::Pattern, Space::Shard].into_iter().all(|space| {
            let is_pattern = space == Space::Pattern;
            self.pubsub.names_of(client, space).iter().all(|name| user.may_hear(name, is_pattern))
        })
    }

    fn end_all(&mut self, users: &[UserId]) {
        let ended: Vec<ClientId> = self.clients.iter().filter(|c| users.contains(&c.user)).map(|c| c.id).collect();
        ended.into_iter().for_each(|client| self.kill(client));
    }
}
