//! What people see of a test's calls: all that goes to `tracing` and to `metrics` on its thread.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, Once};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

static LISTENS: Once = Once::new();

/// Numbers by name and labels: `name{label=value}`.
#[derive(Debug, Clone, Default)]
struct Numbers(Arc<Mutex<BTreeMap<String, f64>>>);

#[derive(Debug)]
struct Number {
    name: String,
    all: Numbers,
}

impl Number {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut all = self.all.0.lock().unwrap();
        let number = all.entry(self.name.clone()).or_default();
        *number = change(*number);
    }
}

impl CounterFn for Number {
    fn increment(&self, by: u64) {
        self.change(|number| number + f64::from(u32::try_from(by).unwrap()));
    }

    fn absolute(&self, _: u64) {
        unreachable!("counters are incremented");
    }
}

impl GaugeFn for Number {
    fn increment(&self, by: f64) {
        self.change(|number| number + by);
    }

    fn decrement(&self, by: f64) {
        self.change(|number| number - by);
    }

    fn set(&self, to: f64) {
        self.change(|_| to);
    }
}

impl HistogramFn for Number {
    fn record(&self, _: f64) {
        self.change(|count| count + 1.0);
    }
}

impl Numbers {
    fn number(&self, key: &Key) -> Arc<Number> {
        let mut labels: Vec<_> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        let name = match labels.join(",") {
            none if none.is_empty() => key.name().to_owned(),
            labels => format!("{}{{{labels}}}", key.name()),
        };
        Arc::new(Number { name, all: self.clone() })
    }
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.number(key))
    }
}

#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Looks on while `test` runs, on a runtime of one thread whose clock is stopped.
pub(crate) fn watch<F: Future<Output = ()>>(test: impl FnOnce(Seen) -> F) {
    let (numbers, lines) = (Numbers::default(), Lines::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let seen = Seen { numbers: numbers.clone(), lines };
    metrics::with_local_recorder(&numbers, || {
        // A span that another thread's test meets first, where nobody listens, could be taken for one
        // that interests nobody: somebody always listens.
        LISTENS.call_once(|| {
            let registry = tracing_subscriber::registry();
            tracing::subscriber::set_global_default(registry).expect("nobody else listens");
        });
        tracing::callsite::rebuild_interest_cache();
        tracing::subscriber::with_default(subscriber, || runtime.block_on(test(seen)));
    });
}

/// What was seen so far.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    numbers: Numbers,
    lines: Lines,
}

impl Seen {
    /// A counter, a gauge, or how often a histogram was recorded to; 0 for one that was not seen.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.numbers.0.lock().unwrap().get(name).copied().unwrap_or_default()
    }

    /// The names of all numbers, with their labels.
    pub(crate) fn names(&self) -> Vec<String> {
        self.numbers.0.lock().unwrap().keys().cloned().collect()
    }

    /// The lines that were logged, with the fields of the spans around them.
    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    /// The line that tells of the end of the last call's span.
    pub(crate) fn last_span(&self) -> String {
        let log = self.log();
        log.lines().rfind(|line| line.contains("close")).expect("a span has ended").to_owned()
    }
}
