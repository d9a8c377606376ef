//! What Redis and Valkey are asked for, and what a call comes to when they or the network fail.

/// Makes each of these functions a test in each way of speaking: `async fn(Spoken)`.
macro_rules! however_spoken {
    ($($test:ident)*) => {
        however_spoken!(@ redis Redis $($test)*);
        however_spoken!(@ valkey Valkey $($test)*);
        however_spoken!(@ scripts Scripts $($test)*);
    };
    (@ $module:ident $spoken:ident $($test:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::spoken::Spoken::$spoken).await;
                }
            )*
        }
    };
}

mod behind_proxy;
mod caller;
mod spoken;

mod access;
mod clusters;
mod commands;
mod count;
mod cuts;
mod eviction;
mod foreign;
mod full;
mod late;
mod lost_replies;
mod memory;
mod outages;
mod processes;
mod replaced;
mod replicas;
mod restarts;
mod scripts;
mod slow;
mod strangers;
mod times;
mod unguarded;
mod waiters;
