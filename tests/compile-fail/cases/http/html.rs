use axum::response::Html;
use idem::{Error, idempotent};

#[idempotent(key = "page:{id}", strategy = "setnx")]
async fn page(id: u64) -> Result<Html<String>, Error> {
    Ok(Html(id.to_string()))
}

fn main() {}
