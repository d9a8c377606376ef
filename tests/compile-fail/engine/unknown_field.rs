use idem::{Error, idempotent};

struct State {
    idem: idem::Idem,
}

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = state.engine)]
async fn charge(state: &State, id: u64) -> Result<u64, Error> {
    let _ = &state.idem;
    Ok(id)
}

fn main() {}
