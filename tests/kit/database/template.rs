//! The first data of a database, made once a machine and copied.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::Kind;

/// Puts the first data of a database into `folder`, for the server that will run there.
pub(super) fn copy_to(kind: Kind, folder: &Path) {
    let data = folder.join("data");
    copy(&template(kind), &data);
    if let Some(user) = kind.user() {
        user.give(&data, folder);
    }
}

fn template(kind: Kind) -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/servers");
    let template = servers.join(format!("{}-data", kind.name()));
    if template.is_dir() {
        return template;
    }
    // Made elsewhere: who makes it may be somebody who can't enter our folders.
    let workshop = tempfile::Builder::new().prefix("idem-kit-").tempdir().expect("a folder");
    let made = workshop.path().join("data");
    fs::create_dir(&made).expect("a folder of ours");
    let mut command = Vec::new();
    if let Some(user) = kind.user() {
        user.give(&made, workshop.path());
        command = user.prefix();
    }
    command.extend(kind.initialise(&made));
    let output = Command::new(&command[0])
        .args(&command[1..])
        .current_dir(workshop.path())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");

    kind.complete(&made);

    fs::create_dir_all(&servers).expect("cargo's folder is ours");
    let own = servers.join(format!(".{}-data.{}", kind.name(), std::process::id()));
    copy(&made, &own);
    // In one step, and only once: another test may have been making it too.
    if fs::rename(&own, &template).is_err() {
        assert!(template.is_dir(), "{} can be made", template.display());
        let _ = fs::remove_dir_all(&own);
    }
    template
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-R").args([from, to]).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} is copied", from.display());
}
