//! What is gathered, and what each caller is told, by batches that the test answers.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::queue::MOST;
use super::*;
#[cfg(feature = "sqlite")]
use crate::store::sql::step::Step;

const TIMEOUT: Duration = Duration::from_secs(3);
const SHARE: Duration = Duration::from_secs(1);

/// A batch that was sent, and whoever waits for its answers.
struct Sent {
    /// Name and number of each entry.
    entries: Vec<(String, u32)>,
    budget: Duration,
    answer: oneshot::Sender<Option<Vec<(usize, u32)>>>,
}

impl Sent {
    /// Answers for all entries, each with its number.
    fn answer_all(self) {
        let numbers = self.entries.iter().map(|(_, number)| *number);
        let answers = numbers.enumerate().collect();
        assert!(self.answer.send(Some(answers)).is_ok());
    }

    fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|(name, _)| &**name).collect()
    }
}

struct Batches {
    sent: UnboundedSender<Sent>,
    unheard: UnboundedSender<u32>,
}

impl Batch for Batches {
    const ALONE: usize = 2;
    const STEP: &str = "numbers";
    type Entry = (Name, u32);
    type Answer = u32;

    fn name(entry: &Self::Entry) -> &Name {
        &entry.0
    }

    async fn send(&self, entries: &[Self::Entry], budget: Duration) -> Option<Vec<(usize, u32)>> {
        let entries = entries.iter().map(|(name, number)| (name.to_string(), *number)).collect();
        let (answer, answered) = oneshot::channel();
        assert!(self.sent.send(Sent { entries, budget, answer }).is_ok());
        answered.await.unwrap_or(None)
    }

    async fn unheard(self: Arc<Self>, _: Self::Entry, answer: u32) {
        assert!(self.unheard.send(answer).is_ok());
    }
}

/// What a caller was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Alone,
    Answered(u32),
    Unknown,
    Late { sent: bool },
}

/// The far end of a lane.
struct Database {
    sent: UnboundedReceiver<Sent>,
    unheard: UnboundedReceiver<u32>,
}

impl Database {
    async fn sent(&mut self) -> Sent {
        self.sent.recv().await.expect("the lane is there")
    }
}

fn lane() -> (Arc<Lane<Batches>>, Database) {
    let ((sending, sent), (leaving, unheard)) = (unbounded_channel(), unbounded_channel());
    let lane = Lane::new(Batches { sent: sending, unheard: leaving }, TIMEOUT);
    (Arc::new(lane), Database { sent, unheard })
}

/// Two that are on their way alone, so that others are gathered.
async fn busy(lane: &Lane<Batches>) -> [Turn<'_, Batches>; 2] {
    let turn = || lane.turn(Instant::now() + TIMEOUT, 0, || (Name::new("alone"), 0));
    let alone = [turn().await, turn().await];
    assert!(alone.iter().all(|turn| matches!(turn, Turn::Alone(Some(_)))));
    alone
}

/// A caller in a task of its own, which has begun to wait.
async fn caller(lane: &Arc<Lane<Batches>>, name: &str, number: u32) -> JoinHandle<Told> {
    hurried(lane, name, number, TIMEOUT).await
}

/// The same, with so much time.
async fn hurried(
    lane: &Arc<Lane<Batches>>,
    name: &str,
    number: u32,
    time: Duration,
) -> JoinHandle<Told> {
    let (lane, entry) = (Arc::clone(lane), (Name::new(name), number));
    let deadline = Instant::now() + time;
    let caller = tokio::spawn(async move {
        match lane.turn(deadline, 0, || entry).await {
            Turn::Alone(_) => Told::Alone,
            Turn::Answered(answer) => Told::Answered(answer),
            Turn::Unknown => Told::Unknown,
            Turn::Late { sent } => Told::Late { sent },
        }
    });
    tokio::task::yield_now().await;
    caller
}

#[tokio::test(start_paused = true)]
async fn few_go_alone_and_more_are_gathered() {
    let (lane, mut database) = lane();
    let alone = busy(&lane).await;
    let third = caller(&lane, "third", 3).await;
    drop(alone);
    // While there is a sender, who comes waits for it to come back.
    let fourth = caller(&lane, "fourth", 4).await;
    let sent = database.sent().await;
    assert_eq!((sent.names(), sent.budget), (vec!["third"], SHARE));
    sent.answer_all();
    assert_eq!(third.await.unwrap(), Told::Answered(3));
    database.sent().await.answer_all();
    assert_eq!(fourth.await.unwrap(), Told::Answered(4));
    // Nobody is on the way any more.
    drop(busy(&lane).await);
    let _again = busy(&lane).await;
    let more = caller(&lane, "more", 5).await;
    database.sent().await.answer_all();
    assert_eq!(more.await.unwrap(), Told::Answered(5));
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_a_batch_is_on_its_way_is_in_the_next() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let first = caller(&lane, "b", 1).await;
    let batch = database.sent().await;
    let names = [("c", 2), ("a", 3), ("b", 4), ("a", 5)];
    let mut callers = Vec::new();
    for (name, number) in names {
        callers.push(caller(&lane, name, number).await);
    }
    batch.answer_all();
    assert_eq!(first.await.unwrap(), Told::Answered(1));
    // Sorted, and one entry a name.
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["a", "b", "c"]);
    batch.answer_all();
    let rest = database.sent().await;
    assert_eq!(rest.entries, [("a".to_owned(), 5)]);
    rest.answer_all();
    for (caller, (_, number)) in callers.into_iter().zip(names) {
        assert_eq!(caller.await.unwrap(), Told::Answered(number));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_bound() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let mut callers = Vec::new();
    for number in 0..2 + MOST {
        callers.push(caller(&lane, &format!("{number:03}"), 1).await);
    }
    // The first may be on its way before the others come.
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < callers.len() {
        let batch = database.sent().await;
        sizes.push(batch.entries.len());
        batch.answer_all();
    }
    assert_eq!(sizes, [1, MOST, 1]);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Told::Answered(1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_large_goes_alone_and_counts_for_nobody() {
    let (lane, mut database) = lane();
    let deadline = Instant::now() + TIMEOUT;
    let _alone = busy(&lane).await;
    let large = lane.turn(deadline, LARGEST + 1, || unreachable!("it is not gathered")).await;
    assert!(matches!(large, Turn::Alone(None)));
    let sent_along = Arc::clone(&lane);
    let entry = || (Name::new("just"), 7);
    let just = tokio::spawn(async move {
        matches!(sent_along.turn(deadline, LARGEST, entry).await, Turn::Answered(7))
    });
    database.sent().await.answer_all();
    assert!(just.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_goes_alone_though_it_may_be_done() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    // Refused.
    let refused = caller(&lane, "a", 1).await;
    assert!(database.sent().await.answer.send(None).is_ok());
    assert_eq!(refused.await.unwrap(), Told::Unknown);
    // Left out; and an answer for what was never asked is nobody's.
    let before = caller(&lane, "a", 1).await;
    let batch = database.sent().await;
    let (first, second) = (caller(&lane, "a", 1).await, caller(&lane, "b", 2).await);
    batch.answer_all();
    assert_eq!(before.await.unwrap(), Told::Answered(1));
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["a", "b"]);
    assert!(batch.answer.send(Some(vec![(1, 9), (1, 8), (7, 7)])).is_ok());
    let told = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(told, [Told::Unknown, Told::Answered(9)]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_sender_that_hangs_goes_alone_in_time() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let on_its_way = caller(&lane, "a", 1).await;
    let hanging = database.sent().await;
    let begun = Instant::now();
    let waiting = caller(&lane, "b", 2).await;
    tokio::time::advance(SHARE / 2).await;
    let later = caller(&lane, "c", 3).await;
    assert_eq!(waiting.await.unwrap(), Told::Alone);
    assert_eq!(begun.elapsed().as_secs(), SHARE.as_secs());
    // Another sender has taken the place of the one that hangs.
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["c"]);
    batch.answer_all();
    assert_eq!(later.await.unwrap(), Told::Answered(3));
    assert!(begun.elapsed() < SHARE + SHARE / 4);
    // What is on its way is sent by nobody else, for as long as its caller has time.
    assert_eq!(on_its_way.await.unwrap(), Told::Late { sent: true });
    assert_eq!(begun.elapsed().as_secs(), TIMEOUT.as_secs());
    // It comes back, and sends nothing: there is another sender by now.
    let next = caller(&lane, "d", 4).await;
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["d"]);
    let last = caller(&lane, "e", 5).await;
    hanging.answer_all();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(database.sent.try_recv().is_err());
    batch.answer_all();
    assert_eq!(next.await.unwrap(), Told::Answered(4));
    database.sent().await.answer_all();
    assert_eq!(last.await.unwrap(), Told::Answered(5));
}

/// Alone they would be in the way of the new sender, which needs a connection as they do.
#[tokio::test(start_paused = true)]
async fn for_the_sender_that_takes_the_place_of_one_that_hangs_all_others_wait() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let _on_its_way = caller(&lane, "a", 1).await;
    let _hanging = database.sent().await;
    let mut waiting = Vec::new();
    for name in ["b", "c", "d"] {
        waiting.push(caller(&lane, name, 2).await);
    }
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["c", "d"]);
    tokio::time::advance(SHARE / 2).await;
    batch.answer_all();
    let mut told = Vec::new();
    for caller in waiting {
        told.push(caller.await.unwrap());
    }
    assert_eq!(told, [Told::Alone, Told::Answered(2), Told::Answered(2)]);
}

/// It would cost the database as much as any other.
#[tokio::test(start_paused = true)]
async fn who_would_be_answered_too_late_is_refused_and_not_sent() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let begun = Instant::now();
    let first = caller(&lane, "a", 1).await;
    let batch = database.sent().await;
    let (needed, waited) = (TIMEOUT / QUARTERS, SHARE / 2);
    let in_time = hurried(&lane, "c", 3, waited + needed).await;
    let refused = hurried(&lane, "b", 2, waited + needed * 9 / 10).await;
    tokio::time::advance(waited).await;
    batch.answer_all();
    assert_eq!(first.await.unwrap(), Told::Answered(1));
    let batch = database.sent().await;
    assert_eq!(batch.names(), ["c"]);
    assert_eq!(refused.await.unwrap(), Told::Late { sent: false });
    assert_eq!(begun.elapsed().as_millis(), waited.as_millis(), "it is told at once");
    batch.answer_all();
    assert_eq!(in_time.await.unwrap(), Told::Answered(3));
}

/// To go alone would be to wait for a connection, with all others who do.
#[tokio::test(start_paused = true)]
async fn in_a_queue_that_moves_nobody_goes_alone() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let begun = Instant::now();
    let mut callers = Vec::new();
    for number in 0..2 + 3 * MOST {
        callers.push(caller(&lane, &number.to_string(), 1).await);
    }
    // A batch each nine tenths of a share: a fourth would not be answered in time, and is not sent.
    for _ in 0..3 {
        let batch = database.sent().await;
        tokio::time::advance(SHARE * 9 / 10).await;
        tokio::task::yield_now().await;
        batch.answer_all();
    }
    for (number, caller) in callers.into_iter().enumerate() {
        let told = match number {
            0..=256 => Told::Answered(1),
            _ => Told::Late { sent: false },
        };
        assert_eq!(caller.await.unwrap(), told, "{number}");
    }
    assert!(begun.elapsed() < TIMEOUT && database.sent.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn who_has_little_time_takes_the_sender_from_nobody() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let on_its_way = caller(&lane, "a", 1).await;
    let batch = database.sent().await;
    let waiting = caller(&lane, "b", 2).await;
    let turn = lane.turn(Instant::now() + SHARE / 2, 0, || (Name::new("c"), 3)).await;
    assert!(matches!(turn, Turn::Late { sent: false }));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(database.sent.try_recv().is_err(), "there are two senders");
    batch.answer_all();
    assert_eq!(on_its_way.await.unwrap(), Told::Answered(1));
    database.sent().await.answer_all();
    assert_eq!(waiting.await.unwrap(), Told::Answered(2));
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_longest_is_sent_first() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let mut callers = vec![caller(&lane, "first", 0).await];
    let first = database.sent().await;
    // Names that come first in order came last.
    for number in (0..2 * MOST).rev() {
        callers.push(caller(&lane, &format!("{number:03}"), 1).await);
        callers.push(caller(&lane, "hot", 2).await);
    }
    first.answer_all();
    let batch = database.sent().await;
    assert_eq!((batch.names()[0], batch.names()[MOST - 1]), ("129", "hot"));
    batch.answer_all();
    let batch = database.sent().await;
    assert_eq!((batch.names()[0], batch.names()[MOST - 1]), ("002", "hot"));
    drop(callers);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_in_time_is_heard() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let patient = caller(&lane, "a", 1).await;
    let batch = database.sent().await;
    tokio::time::advance(2 * SHARE).await;
    tokio::task::yield_now().await;
    batch.answer_all();
    assert_eq!(patient.await.unwrap(), Told::Answered(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_done_for_a_caller_who_has_left_is_taken_back() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let leaving = caller(&lane, "a", 1).await;
    let batch = database.sent().await;
    // Left before it is sent: it is not.
    let early = caller(&lane, "b", 2).await;
    early.abort();
    leaving.abort();
    assert!(leaving.await.is_err() && early.await.is_err());
    batch.answer_all();
    assert_eq!(database.unheard.recv().await, Some(1));
    assert!(database.sent.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lies_there_unread_is_taken_back() {
    let (lane, mut database) = lane();
    let _alone = busy(&lane).await;
    let mut turn = Box::pin(lane.turn(Instant::now() + TIMEOUT, 0, || (Name::new("a"), 1)));
    assert!(tokio::time::timeout(SHARE / 10, &mut turn).await.is_err());
    database.sent().await.answer_all();
    tokio::time::advance(Duration::from_millis(1)).await;
    tokio::task::yield_now().await;
    drop(turn);
    assert_eq!(database.unheard.recv().await, Some(1));
}

/// A sender ends with the runtime of whoever started it.
#[test]
fn who_waits_for_a_sender_that_is_run_no_more_is_told() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (ending, lasting) = (runtime(), runtime());
    let (lane, mut database) = lane();
    let busy = lasting.block_on(busy(&lane));
    let first = ending.block_on(caller(&lane, "a", 1));
    ending.block_on(tokio::task::yield_now());
    let on_its_way = ending.block_on(database.sent());
    let waiting = lasting.block_on(caller(&lane, "b", 2));
    let begun = std::time::Instant::now();
    drop(ending);
    assert_eq!(lasting.block_on(waiting).unwrap(), Told::Unknown);
    assert!(begun.elapsed() < SHARE / 2, "it is told at once");
    assert!(lasting.block_on(first).is_err());
    drop((busy, on_its_way));
}

#[cfg(feature = "sqlite")]
#[tokio::test(start_paused = true)]
async fn a_step_remembers_that_a_batch_may_have_done_it() {
    let (lane, mut database) = lane();
    let pool = sqlx::SqlitePool::connect_lazy("sqlite::memory:").unwrap();
    let entry = || (Name::new("a"), 1);
    let reached = |step: &Step<'_, sqlx::Sqlite>| step.failed("gone".into()).may_have_reached();
    let _alone = busy(&lane).await;

    let mut step = Step::new(&pool, TIMEOUT);
    let answering = async { database.sent().await.answer_all() };
    let (turn, ()) = tokio::join!(step.turn(&lane, 0, entry), answering);
    assert!(matches!(turn, Ok(Turn::Answered(1))));
    assert!(!reached(&step));
    let refusing = async { database.sent().await.answer.send(None) };
    let (turn, _) = tokio::join!(step.turn(&lane, 0, entry), refusing);
    assert!(matches!(turn, Ok(Turn::Unknown)));
    assert!(reached(&step));

    // Nobody answers.
    let mut step = Step::new(&pool, TIMEOUT);
    let Err(unheard) = step.turn(&lane, 0, entry).await else { panic!("there was no answer") };
    assert!(unheard.may_have_reached(), "{unheard}");
    // Its time is over before its turn comes.
    let hanging = caller(&lane, "a", 2).await;
    let mut step = Step::new(&pool, SHARE / 2);
    let Err(unsent) = step.turn(&lane, 0, entry).await else { panic!("there was no answer") };
    assert!(!unsent.may_have_reached(), "{unsent}");
    drop(hanging);
}
