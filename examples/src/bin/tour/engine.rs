#[rustfmt::skip]
pub async fn install() -> Result<(), idem::Error> {
    let idem = idem::Idem::builder()
        .redis("redis://127.0.0.1/")
        .prefix("shop")
        .build()
        .await?;
    idem.install()?;
    Ok(())
}
