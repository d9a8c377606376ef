//! `engine`: which engine a call takes.

use std::sync::Arc;

use idem::{Error, Idem, idempotent};

use crate::support::Runs;

struct State {
    idem: Idem,
    shared: Arc<Idem>,
    runs: Runs,
}

impl State {
    fn engine(&self) -> &Idem {
        &self.idem
    }

    #[idempotent(key = "by_self:{id}", strategy = "setnx", engine = self.idem)]
    async fn by_self(&self, id: u8) -> Result<usize, Error> {
        Ok(self.runs.next())
    }

    #[idempotent(key = "by_shared:{id}", strategy = "setnx", engine = self.shared)]
    async fn by_shared(self: Arc<Self>, id: u8) -> Result<usize, Error> {
        Ok(self.runs.next())
    }
}

/// The engine is cloned and never moved: the body still has it.
#[idempotent(key = "by_value:{id}", strategy = "setnx", engine = idem)]
async fn by_value(idem: Idem, id: u8, runs: &Runs) -> Result<usize, Error> {
    drop(idem);
    Ok(runs.next())
}

#[idempotent(key = "by_ref:{id}", strategy = "setnx", engine = idem)]
async fn by_ref(idem: &Idem, id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[idempotent(key = "by_arc:{id}", strategy = "setnx", engine = idem)]
async fn by_arc(idem: Arc<Idem>, id: u8, runs: &Runs) -> Result<usize, Error> {
    drop(idem);
    Ok(runs.next())
}

#[idempotent(key = "by_ref_to_arc:{id}", strategy = "setnx", engine = idem)]
async fn by_ref_to_arc(idem: &Arc<Idem>, id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[idempotent(key = "by_method:{id}", strategy = "setnx", engine = state.engine())]
async fn by_method(state: &State, id: u8) -> Result<usize, Error> {
    Ok(state.runs.next())
}

#[idempotent(key = "by_box:{id}", strategy = "setnx", engine = idem)]
async fn by_box(idem: Box<Idem>, id: u8, runs: &Runs) -> Result<usize, Error> {
    drop(idem);
    Ok(runs.next())
}

/// None is installed or in scope: each finds the one that it names.
#[tokio::test]
async fn an_engine_is_named_in_each_of_its_forms() {
    let idem = Idem::in_memory();
    let shared = Arc::new(idem.clone());
    let runs = Runs::default();
    for _ in 0..2 {
        assert_eq!(by_value(idem.clone(), 1, &runs).await.unwrap(), 1);
        assert_eq!(by_ref(&idem, 1, &runs).await.unwrap(), 2);
        assert_eq!(by_arc(Arc::clone(&shared), 1, &runs).await.unwrap(), 3);
        assert_eq!(by_ref_to_arc(&shared, 1, &runs).await.unwrap(), 4);
        assert_eq!(by_box(Box::new(idem.clone()), 1, &runs).await.unwrap(), 5);
    }
    let state = Arc::new(State { idem, shared, runs });
    for _ in 0..2 {
        assert_eq!(by_method(&state, 1).await.unwrap(), 6);
        assert_eq!(state.by_self(1).await.unwrap(), 7);
        assert_eq!(Arc::clone(&state).by_shared(1).await.unwrap(), 8);
    }
}

#[tokio::test]
async fn the_engine_that_is_named_goes_before_the_one_in_scope() {
    let (named, scoped, runs) = (Idem::in_memory(), Idem::in_memory(), Runs::default());
    assert_eq!(scoped.scope(by_ref(&named, 1, &runs)).await.unwrap(), 1);
    let one = 1;
    let key = || idem::key!("by_ref:{one}");
    assert!(named.get(&key()).await.unwrap().is_some());
    assert!(scoped.get(&key()).await.unwrap().is_none());
}

/// A macro's user may have the runtime under another path.
mod reexport {
    pub(super) use ::idem as inner;
}

#[reexport::inner::idempotent(key = "by_path:{id}", strategy = "setnx", crate = reexport::inner)]
async fn by_path(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[tokio::test]
async fn the_library_is_named_by_its_path() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        assert_eq!(idem.scope(by_path(1, &runs)).await.unwrap(), 1);
    }
}
