//! As whom a server runs: Postgres refuses root.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::Command,
};

/// A user of this machine.
#[derive(Debug, Clone)]
pub(super) struct User {
    name: String,
    id: u32,
    group: u32,
}

impl User {
    /// Who stands in where root is refused; `None` for whoever isn't root.
    pub(super) fn instead_of_root() -> Option<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
        is_root.then(|| {
            let users = fs::read_to_string("/etc/passwd").expect("a list of users");
            let by_name = |name: &str| users.lines().find_map(|line| Self::parse(line, name));
            by_name("postgres").or_else(|| by_name("nobody")).expect("a user who isn't root")
        })
    }

    fn parse(line: &str, name: &str) -> Option<Self> {
        let fields: Vec<_> = line.split(':').collect();
        let [found, _, id, group, ..] = fields[..] else { return None };
        let (id, group) = (id.parse().ok()?, group.parse().ok()?);
        (found == name).then(|| Self { name: name.to_owned(), id, group })
    }

    /// The beginning of a command that runs as this user, in the same process.
    pub(super) fn prefix(&self) -> Vec<String> {
        let Self { name, group, .. } = self;
        ["setpriv", &format!("--reuid={name}"), &format!("--regid={group}"), "--clear-groups"]
            .map(str::to_owned)
            .into()
    }

    /// Gives the folder `own`, and all that is in it, to this user, who may pass through `way`.
    pub(super) fn give(&self, own: &Path, way: &Path) {
        let passable = fs::Permissions::from_mode(0o711);
        fs::set_permissions(way, passable).expect("the folder is ours");
        chown(own, Some(self.id), Some(self.group)).expect("root may give");
        let given = Command::new("chown")
            .arg("-R")
            .arg(format!("{}:{}", self.id, self.group))
            .arg(own)
            .status();
        assert!(given.is_ok_and(|status| status.success()), "`chown` can be run");
    }
}
