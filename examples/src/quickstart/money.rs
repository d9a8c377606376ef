//! Amounts as people write them.

use super::tally::Money;

/// `1,234.50 EUR`, by the currency's own number of decimals.
pub(super) fn amount(minor: u128, currency: &str) -> String {
    let decimals = decimals(currency);
    let unit = 10_u128.pow(decimals);
    let whole = grouped(minor / unit);
    match decimals {
        0 => format!("{whole} {currency}"),
        _ => format!("{whole}.{:0width$} {currency}", minor % unit, width = decimals as usize),
    }
}

/// One amount for each currency.
pub(super) fn amounts(money: &Money) -> Vec<String> {
    money.iter().map(|(currency, minor)| amount(*minor, currency)).collect()
}

/// `1,234`.
pub(super) fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// ISO 4217's exceptions to two.
fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_currency_s_decimals() {
        assert_eq!(amount(5, "EUR"), "0.05 EUR");
        assert_eq!(amount(123_456_789, "USD"), "1,234,567.89 USD");
        assert_eq!(amount(1500, "JPY"), "1,500 JPY");
        assert_eq!(amount(1500, "KWD"), "1.500 KWD");
    }
}
