//! Every option, type-checked.

use std::sync::Arc;

use idem::{Idem, IdempotencyKey, OnErr, idempotent};

use super::shapes::{Failure, Receipt, User};

struct State {
    idem: Idem,
    shared: Arc<Idem>,
}

impl State {
    fn engine(&self) -> &Idem {
        &self.idem
    }
}

#[idempotent(
    key = "all:{user.id}",
    strategy = "setnx",
    ttl = "7d",
    lease = "250ms",
    max_runtime = "15m",
    fingerprint(amount, user.name, user.id.count_ones(), pair.0),
    wait = "5s",
    on_duplicate = "replay",
    on_err = "store",
    on_cancel = "hold",
    engine = state.idem,
    map_err = Stored::Guard,
    codec = idem::Json,
    on_outage = "run",
    crate = idem,
)]
async fn all(state: &State, user: &User, amount: u64, pair: (u8, u8)) -> Result<Receipt, Stored> {
    Err(Stored::Own(amount + u64::from(pair.0)))
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
enum Stored {
    Own(u64),
    #[serde(skip)]
    Guard(idem::Error),
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = idem)]
async fn engine_by_value(idem: Idem, id: u64) -> Result<u64, Failure> {
    let _ = idem;
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = idem)]
async fn engine_by_ref(idem: &Idem, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = idem)]
async fn engine_by_arc(idem: Arc<Idem>, id: u64) -> Result<u64, Failure> {
    drop(idem);
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = idem)]
async fn engine_by_ref_to_arc(idem: &Arc<Idem>, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = state.shared)]
async fn engine_in_a_field(state: &State, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = state.engine())]
async fn engine_by_a_method(state: State, id: u64) -> Result<u64, Failure> {
    drop(state);
    Ok(id)
}

#[idempotent(key = "engine:{id}", strategy = "setnx", engine = pick::<u8, u8>(id), on_err = "hold")]
async fn engine_by_an_expression(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

// These give a reference, and are not asked for the engine itself.
#[idempotent(
    key = "engine:{id}",
    strategy = "setnx",
    engine = match id {
        0 => &state.idem,
        _ => state.engine(),
    }
)]
async fn engine_by_a_choice(state: &State, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(
    key = "engine:{id}",
    strategy = "setnx",
    engine = kept.get_or_init(async || Idem::in_memory()).await
)]
async fn engine_by_await(kept: &tokio::sync::OnceCell<Idem>, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

fn pick<A: From<u8>, B: Into<A> + From<u8>>(_: u64) -> Idem {
    let _: A = B::from(7).into();
    Idem::in_memory()
}

#[idempotent(key = "rejects:{id}", strategy = "setnx", on_duplicate = "reject", on_err = "hold")]
async fn rejects(id: u64) -> Result<std::time::Instant, Failure> {
    let _ = id;
    Ok(std::time::Instant::now())
}

#[idempotent(key = "judged:{id}", strategy = "setnx", on_err = judge)]
async fn judged(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(key = "judged:{id}", strategy = "setnx", on_err = self::Stored::judge, map_err = Stored::Guard)]
async fn judged_and_stored(id: u64) -> Result<u64, Stored> {
    Ok(id)
}

trait Policy {
    fn judge(error: &Failure) -> OnErr;
}

impl Policy for State {
    fn judge(error: &Failure) -> OnErr {
        judge(error)
    }
}

#[idempotent(
    key = "judged:{id}",
    strategy = "setnx",
    on_err = <State as Policy>::judge,
    map_err = <Failure as From<idem::Error>>::from
)]
async fn judged_by_a_trait(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

const fn judge(error: &Failure) -> OnErr {
    match error {
        Failure::Guard(_) => OnErr::Release,
        Failure::Parse(_) => OnErr::Hold,
    }
}

impl Stored {
    const fn judge(&self) -> OnErr {
        match self {
            Self::Own(_) => OnErr::Store,
            Self::Guard(_) => OnErr::Hold,
        }
    }
}

#[idempotent(key = "judged:{id}", strategy = "setnx", on_err = judge_any)]
async fn judged_generic<E: From<idem::Error> + std::fmt::Debug>(id: u64) -> Result<u64, E> {
    Ok(id)
}

fn judge_any<E: std::fmt::Debug>(_: &E) -> OnErr {
    OnErr::Store
}

#[idempotent(key = "client:{user.id}:{key}", strategy = "setnx", fingerprint(amount))]
async fn client(user: &User, key: IdempotencyKey, amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[idempotent(key = "client:{tenant}:{key}", strategy = "setnx", fingerprint = "off")]
async fn client_off(tenant: u64, key: &IdempotencyKey) -> Result<u64, Failure> {
    Ok(tenant)
}

#[idempotent(key = "finish:{id}", strategy = "setnx", on_cancel = "finish")]
async fn finish(id: u64, name: &'static str, f: fn(&str) -> u64) -> Result<u64, Failure> {
    Ok(id + f(name))
}

#[idempotent(
    key = "wide:{a.0}",
    strategy = "setnx",
    fingerprint(
        a.0, a.1, a.2, a.3, a.4, a.5, a.6, a.7, a.8, b.0, b.1, b.2, b.3, b.4, b.5, b.6, b.7, b.8
    )
)]
async fn wide(a: Nine, b: Nine) -> Result<u8, Failure> {
    Ok(a.0 + b.0)
}

type Nine = (u8, u8, u8, u8, u8, u8, u8, u8, u8);

mod reexport {
    pub(super) use ::idem as inner;
}

#[reexport::inner::idempotent(key = "crate:{id}", strategy = "setnx", crate = reexport::inner)]
async fn by_reexport(id: u64) -> Result<u64, Failure> {
    Ok(id)
}
