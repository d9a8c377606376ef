//! Forty minutes of webhook deliveries, made up but shaped like a payment provider's.
//!
//! What makes them worth having is all in here: the provider delivers at least once, so an event
//! comes two, three or five times, each time under another delivery id; two of its senders deliver
//! the same event in the same millisecond; deliveries overtake each other; one payment has several
//! events that are no duplicates (two refunds of the same amount); and a few redeliveries carry
//! another amount than the event had before.

use std::fmt::Write as _;

/// The sample, one JSON object a line. The same text each time.
#[must_use]
pub fn deliveries() -> String {
    let mut dice = Dice(0x1DE0_0001);
    let events = events(&mut dice);
    let mut deliveries: Vec<_> =
        events.iter().enumerate().flat_map(|(n, event)| sent(&mut dice, n, event)).collect();
    deliveries.sort_by_key(|delivery| delivery.arrives);
    deliveries.iter().map(|delivery| delivery.line(&mut dice)).collect()
}

/// The generator splitmix64: small, and the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = self.roll() % choices.len() as u64;
        choices[usize::try_from(at).unwrap_or(0)]
    }

    fn id(&mut self, prefix: &str) -> String {
        let alphabet = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut id = format!("{prefix}_");
        id.extend((0..14).map(|_| char::from(self.pick(alphabet))));
        id
    }
}

/// Milliseconds since the day began.
type Moment = u64;

const SECOND: Moment = 1000;
const MINUTE: Moment = 60 * SECOND;
const NINE: Moment = 9 * 60 * MINUTE;

struct Event {
    id: String,
    kind: &'static str,
    at: Moment,
    account: String,
    amount: u64,
    currency: &'static str,
    /// The fields that only this type of event has, as JSON.
    more: String,
}

fn events(dice: &mut Dice) -> Vec<Event> {
    let accounts: Vec<_> = (0..12).map(|_| dice.id("acct")).collect();
    let mut events = Vec::new();
    for n in 0..118 {
        let account = accounts[usize::try_from(dice.within(0, 12)).unwrap_or(0)].clone();
        let currency = dice.pick(&["EUR", "EUR", "EUR", "USD", "USD", "GBP", "JPY"]);
        let amount = match dice.within(0, 4) {
            0 => dice.within(3, 90) * 100,
            1 => dice.within(2, 60) * 100 - 1,
            _ => dice.within(250, 18_000),
        };
        let payment = dice.id("pay");
        let at = NINE + dice.within(0, 40 * MINUTE);
        let mut add = |dice: &mut Dice, kind, at, amount, more: &str| {
            let more = format!(r#""payment":"{payment}",{more}"#);
            let (id, account) = (dice.id("evt"), account.clone());
            events.push(Event { id, kind, at, account, amount, currency, more });
        };
        let method = dice.pick(&["card", "card", "card", "wallet", "bank_debit"]);
        add(dice, "payment.succeeded", at, amount, &format!(r#""method":"{method}""#));
        match n % 9 {
            // A refund while the payment's own delivery may still be on its way.
            0 => {
                let (at, refund) = (at + dice.within(300, 2500), dice.id("ref"));
                let more = format!(r#""refund":"{refund}","reason":"double_order""#);
                add(dice, "payment.refunded", at, amount, &more);
            }
            // Two items sent back: the same payment and amount, and no duplicates.
            3 => {
                let first = at + dice.within(MINUTE, 6 * MINUTE);
                for at in [first, first + dice.within(1, 400)] {
                    let more = format!(r#""refund":"{}","reason":"item_returned""#, dice.id("ref"));
                    add(dice, "payment.refunded", at, amount / 4 + 1, &more);
                }
            }
            6 => {
                let opened = at + dice.within(2 * MINUTE, 9 * MINUTE);
                let more = format!(r#""dispute":"{}","due_by":"2026-03-16""#, dice.id("dsp"));
                add(dice, "dispute.opened", opened, amount, &more);
                if n % 2 == 0 {
                    let won = opened + dice.within(MINUTE, 4 * MINUTE);
                    add(dice, "dispute.won", won, amount, &more);
                }
            }
            _ => {}
        }
    }
    for account in accounts {
        for currency in ["EUR", "USD"] {
            let more = format!(r#""payout":"{}","arrives_on":"2026-03-04""#, dice.id("out"));
            let (id, at) = (dice.id("evt"), NINE + dice.within(5 * MINUTE, 35 * MINUTE));
            let (amount, account) = (dice.within(4_000, 250_000), account.clone());
            events.push(Event { id, kind: "payout.paid", at, account, amount, currency, more });
        }
    }
    events
}

struct Sent<'a> {
    event: &'a Event,
    attempt: u32,
    at: Moment,
    arrives: Moment,
    amount: u64,
}

/// The deliveries of one event.
fn sent<'a>(dice: &mut Dice, n: usize, event: &'a Event) -> Vec<Sent<'a>> {
    let first = event.at + dice.within(20, 700);
    let soon = first + dice.within(25 * SECOND, 4 * MINUTE);
    let late = soon + dice.within(3 * MINUTE, 9 * MINUTE);
    let mut times = match dice.within(0, 100) {
        0..44 => vec![(1, first)],
        44..58 => vec![(1, first), (1, first)],
        58..75 => vec![(1, first), (2, soon)],
        75..88 => vec![(1, first), (2, soon), (3, late)],
        88..95 => vec![(1, first), (1, first), (2, soon), (2, soon + dice.within(0, 3))],
        _ => vec![(1, first), (1, first), (1, first + 1), (1, first + 18), (2, late)],
    };
    let tampered = n % 36 == 17;
    if tampered {
        times.push((2, late + dice.within(MINUTE, 3 * MINUTE)));
    }
    let last = times.len() - 1;
    let deliver = |(at, (attempt, sent)): (usize, (u32, Moment))| {
        let way = if dice.within(0, 12) == 0 { 40 * SECOND } else { 900 };
        let forged = tampered && at == last;
        let amount = if forged { event.amount * 10 } else { event.amount };
        Sent { event, attempt, at: sent, arrives: sent + dice.within(3, way), amount }
    };
    times.into_iter().enumerate().map(deliver).collect()
}

impl Sent<'_> {
    fn line(&self, dice: &mut Dice) -> String {
        let Event { id, kind, at, account, currency, more, .. } = self.event;
        let mut line = String::new();
        // Writing to a `String` can't fail.
        let _ = write!(
            line,
            r#"{{"delivery":{{"id":"{}","attempt":{},"sent_at":"{}"}},"id":"{id}","type":"{kind}","#,
            dice.id("dlv"),
            self.attempt,
            clock(self.at),
        );
        let _ = write!(line, r#""created_at":"{}","live":true,"api":"2026-01-15","#, clock(*at));
        let _ = writeln!(
            line,
            r#""data":{{"account":"{account}","amount":{},"currency":"{currency}",{more}}}}}"#,
            self.amount,
        );
        line
    }
}

fn clock(moment: Moment) -> String {
    let (seconds, millis) = (moment / SECOND, moment % SECOND);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("2026-03-02T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_file_is_what_the_generator_makes() {
        assert!(super::deliveries() == include_str!("../data/deliveries.jsonl"));
    }
}
