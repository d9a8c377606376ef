use idem::idempotent;

// `anyhow`, `eyre` and `Box<dyn Error + Send + Sync>` take it by themselves:
#[idempotent(key = "mail:{id}", strategy = "setnx")]
pub async fn with_a_box(id: u32) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(())
}

// An enum by one variant:
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

#[idempotent(key = "news:{id}", strategy = "setnx")]
pub async fn with_an_enum(id: u32) -> Result<(), MailError> {
    Ok(())
}

// A type that isn't yours by a function:
fn to_io(error: idem::Error) -> std::io::Error {
    std::io::Error::other(error)
}

#[idempotent(key = "file:{id}", strategy = "setnx", map_err = to_io)]
pub async fn with_a_function(id: u32) -> std::io::Result<()> {
    Ok(())
}
