//! A webhook delivery, as far as the handler needs it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened, told by the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    /// The same in every delivery of the event.
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) account: String,
    /// In minor units: cents for `EUR`.
    pub(super) amount: u64,
    /// Three capital letters.
    pub(super) currency: String,
}

/// One of the times that the provider told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// The line that it was read from, which tells it from the other deliveries of its event.
    pub(super) line: usize,
    pub(super) event: Event,
}

impl Event {
    /// Reads the envelope of a webhook, whatever else is in it.
    ///
    /// # Errors
    ///
    /// The reason why it is no delivery, in words for the one who made the file.
    pub(super) fn read(envelope: &Value) -> Result<Self, String> {
        if !envelope.is_object() {
            return Err(format!("a delivery is a JSON object, this is {}", kind_of(envelope)));
        }
        let event = envelope.get("event").filter(|inner| inner.is_object()).unwrap_or(envelope);
        let id = match event.get("id") {
            None | Some(Value::Null) => return Err("there is no `id`".to_owned()),
            Some(Value::String(id)) if id.trim().is_empty() => {
                return Err("`id` is empty".to_owned());
            }
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) if !id.is_f64() => id.to_string(),
            Some(other) => return Err(format!("`id` is {}, not text", kind_of(other))),
        };
        let places = [event.pointer("/data/object"), event.get("data"), Some(event)];
        let Some(money) = places.into_iter().flatten().find(|place| place.get("amount").is_some())
        else {
            return Err(format!("`{id}` has no `amount`"));
        };
        let amount = amount(&money["amount"]).map_err(|reason| format!("`{id}`: {reason}"))?;
        let currency =
            currency(money.get("currency")).map_err(|reason| format!("`{id}`: {reason}"))?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("-").to_owned();
        let (kind, account) = (text(event.get("type")), text(money.get("account")));
        Ok(Self { id, kind, account, amount, currency })
    }
}

fn amount(value: &Value) -> Result<u64, String> {
    match value {
        Value::Number(number) => number.as_u64().ok_or_else(|| {
            if number.as_f64().is_some_and(|amount| amount < 0.0) {
                format!("`amount` is negative: {number}")
            } else {
                format!("`amount` is not a whole number of minor units: {number}")
            }
        }),
        other => Err(format!("`amount` is {}, not a number", kind_of(other))),
    }
}

fn currency(value: Option<&Value>) -> Result<String, String> {
    match value {
        None | Some(Value::Null) => Err("there is no `currency` beside the `amount`".to_owned()),
        Some(Value::String(code)) if code.len() == 3 && code.is_ascii() => {
            Ok(code.to_ascii_uppercase())
        }
        Some(other) => Err(format!("`currency` is not three letters: {other}")),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(envelope: &Value) -> String {
        Event::read(envelope).unwrap_err()
    }

    #[test]
    fn an_envelope_is_read_and_the_rest_of_it_ignored() {
        let envelope = json!({
            "delivery": { "id": "dlv_1", "attempt": 2 }, "id": "evt_1", "type": "payment.succeeded",
            "data": { "account": "acct_1", "amount": 1250, "currency": "eur", "method": "card" },
        });
        let event = Event {
            id: "evt_1".to_owned(),
            kind: "payment.succeeded".to_owned(),
            account: "acct_1".to_owned(),
            amount: 1250,
            currency: "EUR".to_owned(),
        };
        assert_eq!(Event::read(&envelope), Ok(event));
    }

    #[test]
    fn other_shapes_of_envelope_are_read_too() {
        let money = json!({ "amount": 5, "currency": "USD" });
        let flat = json!({ "id": 7, "amount": 5, "currency": "USD" });
        let nested = json!({ "id": "7", "data": { "object": money } });
        let wrapped = json!({ "id": "dlv", "event": { "id": "7", "data": money } });
        for envelope in [flat, nested, wrapped] {
            let event = Event::read(&envelope).unwrap();
            assert_eq!((event.id.as_str(), event.amount, event.kind.as_str()), ("7", 5, "-"));
        }
    }

    #[test]
    fn what_is_no_delivery_is_told_why() {
        let with =
            |amount: Value| refused(&json!({ "id": "e", "amount": amount, "currency": "EUR" }));
        assert_eq!(refused(&json!([1])), "a delivery is a JSON object, this is an array");
        assert_eq!(refused(&json!({ "amount": 1 })), "there is no `id`");
        assert_eq!(refused(&json!({ "id": " " })), "`id` is empty");
        assert_eq!(refused(&json!({ "id": true })), "`id` is true or false, not text");
        assert_eq!(refused(&json!({ "id": "e" })), "`e` has no `amount`");
        assert_eq!(with(json!(-5)), "`e`: `amount` is negative: -5");
        assert_eq!(with(json!(1.5)), "`e`: `amount` is not a whole number of minor units: 1.5");
        assert_eq!(with(json!("12")), "`e`: `amount` is text, not a number");
        assert_eq!(
            refused(&json!({ "id": "e", "amount": 1 })),
            "`e`: there is no `currency` beside the `amount`"
        );
        assert_eq!(
            refused(&json!({ "id": "e", "amount": 1, "currency": "EURO" })),
            "`e`: `currency` is not three letters: \"EURO\""
        );
    }
}
