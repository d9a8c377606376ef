//! What does each strategy do in the same storm?
//!
//! `cargo run -p examples --bin storm`: no server, memory and SQLite in a temporary folder.
//!
//! Each strategy gets fifty calls of one key at once, and then a call of another key that dies between
//! its effect and its result, with a duplicate after it. Printed is how often the effect took place, and
//! what the callers were told. `guarded` has the functions: the body is the same in each.

mod guarded;
mod shop;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::process::ExitCode;

use guarded::STRATEGIES;
use shop::{Answer, Shop, told};

/// How many calls of one key come at once.
const AT_ONCE: usize = 50;

/// A call of one strategy for an order; `dies` after its effect.
type Call = fn(Shop, order: i64, dies: bool) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

#[tokio::main]
async fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("idem-storm-{}", std::process::id()));
    let weathered = weather(&folder).await;
    let _ = std::fs::remove_dir_all(folder);
    match weathered {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("storm: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn weather(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut out = std::io::stdout();
    writeln!(out, "{:<12} {:<44} a crash between effect and result", "", "50 calls at once")?;
    writeln!(
        out,
        "{:<12} {:>7}  {:<35} {:>7}  the duplicate is told",
        "strategy", "effects", "callers", "effects"
    )?;
    for (number, (name, call)) in (0_i64..).zip(STRATEGIES) {
        let shop = Shop::open(&folder.join(number.to_string())).await?;
        let together = at_once(&shop, *call, 1).await;
        let answers = match together.len() {
            0..=3 => together.iter().map(|(what, times)| format!("{times} {what}")).collect(),
            many => vec![format!("{many} different answers")],
        };
        let answers = answers.join(", ");
        let effects = shop.effects(1).await?;
        let told = after_a_crash(&shop, *call, 2).await;
        writeln!(
            out,
            "{name:<12} {effects:>7}  {answers:<35} {:>7}  {told}",
            shop.effects(2).await?
        )?;
    }
    Ok(())
}

/// All of them at once; how many were told what.
async fn at_once(shop: &Shop, call: Call, order: i64) -> BTreeMap<String, usize> {
    let calls: Vec<_> =
        (0..AT_ONCE).map(|_| tokio::spawn(call(shop.clone(), order, false))).collect();
    let mut answers = BTreeMap::new();
    for call in calls {
        let answer = call.await.map_or_else(|error| error.to_string(), |answer| told(&answer));
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

/// A call is dropped where its process would die, and a duplicate comes.
async fn after_a_crash(shop: &Shop, call: Call, order: i64) -> String {
    tokio::select! {
        answer = call(shop.clone(), order, true) => return format!("it did not die: {}", told(&answer)),
        () = shop.effect_took_place() => {}
    }
    told(&call(shop.clone(), order, false).await)
}
