//! How do I move an order to paid when the money is moved by somebody else?
//!
//! ```sh
//! cargo run -p examples --bin charging                            # all three steps
//! cargo run -p examples --bin charging -- --die-after captured    # dies in the middle …
//! cargo run -p examples --bin charging                            # … and this run finishes it
//! ```
//!
//! A transaction undoes what it wrote in its own database, and nothing that a provider did. So there
//! are two transitions, and the provider is called between them, with a key that is the same however
//! often it is called:
//!
//! 1. `Pending → Charging`, committed: from here on somebody may have been charged.
//! 2. The provider captures, under `downstream_key("capture")`; its answer is stored.
//! 3. `Charging → Paid` or `Charging → Failed`, by that answer.
//!
//! A start looks for what was left in `Charging` and goes on from there.

mod order;
mod provider;
mod shop;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use order::OrderStatus;
use shop::Shop;

/// An order that a provider charges, in two transitions
#[derive(Parser)]
struct Args {
    /// Where the shop and the provider keep their files
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Die after this step, as a crash would
    #[arg(long, value_name = "STEP")]
    die_after: Option<Step>,
}

/// What a crash may come after.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `Pending → Charging` is committed, and the provider knows nothing
    Begun,
    /// The provider has captured, and nobody here knows its answer
    Captured,
    /// The provider's answer is stored, and the order is still in `Charging`
    Answered,
}

#[tokio::main]
async fn main() -> shop::Outcome<()> {
    let args = Args::parse();
    let folder = args.folder.unwrap_or_else(|| std::env::temp_dir().join("idem-charging"));
    println!("{}", OrderStatus::diagram());
    let shop = Shop::open(&folder, args.die_after).await?;

    for order in shop.left_in(OrderStatus::Charging).await? {
        println!("Order {order} was left in charging:");
        shop.finish(order).await?;
    }
    for order in shop.left_in(OrderStatus::Pending).await? {
        println!("Order {order} is pending:");
        shop.charge(order).await?;
    }
    for (order, status) in shop.orders().await? {
        let captures = shop.provider().captures(order)?;
        println!("Order {order} is {status}; captures at the provider: {captures}");
    }
    Ok(())
}
