//! All users, by name. The one called `default` is always there: whoever has not logged in is that one.

use super::user::User;
use std::collections::{BTreeMap, HashMap};

/// Stands for a user as long as that exists; never used again.
pub type UserId = u32;

/// The user that everybody is at first.
pub const DEFAULT: UserId = 0;

const DEFAULT_NAME: &[u8] = b"default";

/// All users.
#[derive(Clone, Debug)]
pub struct Users {
    by_id: HashMap<UserId, User>,
    by_name: BTreeMap<Vec<u8>, UserId>,
    last: UserId,
    /// Whether whoever comes may call without a password: each call asks.
    open: bool,
}

impl Default for Users {
    fn default() -> Users {
        let by_id = HashMap::from([(DEFAULT, User::almighty(DEFAULT_NAME))]);
        Users { by_id, by_name: BTreeMap::from([(DEFAULT_NAME.to_vec(), DEFAULT)]), last: DEFAULT, open: true }
    }
}

impl Users {
    /// The user that stands behind an id.
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(&id)
    }

    /// The id of a name.
    pub fn id(&self, name: &[u8]) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// The user of a name.
    pub fn named(&self, name: &[u8]) -> Option<&User> {
        self.id(name).and_then(|id| self.get(id))
    }

    /// The name behind an id.
    pub fn name(&self, id: UserId) -> &[u8] {
        self.get(id).map_or(b"", User::name)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.by_name.values().filter_map(|id| self.get(*id))
    }

    /// Whether whoever comes may call without a password.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Looks again; to be called whenever the default user may have changed.
    fn look(&mut self) {
        self.open = self.get(DEFAULT).is_some_and(|user| user.on && user.nopass);
    }

    /// Puts a user in the place of the one with its name, or adds it.
    pub fn put(&mut self, user: User) {
        let id = match self.id(user.name()) {
            Some(id) => id,
            None => {
                self.last += 1;
                self.by_name.insert(user.name().to_vec(), self.last);
                self.last
            }
        };
        self.by_id.insert(id, user);
        self.look();
    }

    /// Removes a user, but for `default`; its id.
    pub fn remove(&mut self, name: &[u8]) -> Option<UserId> {
        let id = self.id(name).filter(|id| *id != DEFAULT)?;
        self.by_name.remove(name);
        self.by_id.remove(&id);
        Some(id)
    }

    /// Gives the default user this password and no other; an empty one stands for none.
    pub fn set_password(&mut self, password: &[u8]) {
        let Some(user) = self.by_id.get_mut(&DEFAULT) else { return };
        let rules = match password {
            b"" => [b"nopass".to_vec(), Vec::new()],
            _ => [b"resetpass".to_vec(), [b">", password].concat()],
        };
        for rule in rules {
            // These are rules.
            let _ = user.apply(&rule);
        }
        self.look();
    }

    /// Takes over another set of users; the ids of those that are gone or differ from before.
    pub fn replace(&mut self, others: Vec<User>) -> Vec<UserId> {
        let before = std::mem::take(&mut self.by_id);
        self.by_name.clear();
        self.by_name.insert(DEFAULT_NAME.to_vec(), DEFAULT);
        self.by_id.insert(DEFAULT, User::almighty(DEFAULT_NAME));
        let known: HashMap<&[u8], UserId> = before.iter().map(|(id, user)| (user.name(), *id)).collect();
        for user in others {
            if let Some(id) = known.get(user.name()) {
                self.by_name.insert(user.name().to_vec(), *id);
            }
            self.put(user);
        }
        self.look();
        before.iter().filter(|(id, user)| self.get(**id) != Some(*user)).map(|(id, _)| *id).collect()
    }
}
