//! Durations: whole numbers with `ms`, `s`, `m`, `h` or `d`, and nothing else.

/// Each unit with its milliseconds, the longest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Spellings that people try. `M` is left out: it is a month to some and a minute to others.
const ALIASES: [(&[&str], u64); 6] = [
    (&["ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "secs", "second", "seconds"], 1000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
    (&["w", "wk", "week", "weeks"], 604_800_000),
];

const RULE: &str = "a duration is a whole number with `ms`, `s`, `m`, `h` or `d`";

/// What every store can be asked to keep, in milliseconds: a hundred years.
const LONGEST: u64 = 100 * 366 * 86_400_000;

/// Milliseconds, or what is wrong and what to write.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    let (Some((_, scale)), false) = (unit, number.is_empty()) else {
        if let Some(number) = text.strip_suffix('M').filter(|_| digits + 1 == text.len()) {
            return Err(format!(
                "`M` could be minutes or months: write `\"{number}m\"`, or days as in `\"30d\"`"
            ));
        }
        return Err(match guess(text) {
            Some(meant) => format!("{RULE}: write `\"{meant}\"`"),
            None => format!("{RULE}, such as `\"30s\"`"),
        });
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(*scale)) {
        Some(0) => {
            Err("a duration is more than zero: write `\"1ms\"` or more, or leave the option \
                        out"
            .to_owned())
        }
        Some(millis) if millis <= LONGEST => Ok(millis),
        _ => Err("a duration is at most a hundred years: write `\"36600d\"` or less".to_owned()),
    }
}

/// The shortest exact spelling.
pub(crate) fn spell(millis: u64) -> String {
    let (unit, scale) =
        UNITS.iter().find(|(_, scale)| millis.is_multiple_of(*scale)).unwrap_or(&("ms", 1));
    format!("{}{unit}", millis / scale)
}

/// What a text was meant to be: spaces, long units, fractions and sums such as `1h30m`.
pub(crate) fn guess(text: &str) -> Option<String> {
    let mut rest = text.trim();
    let mut sum: u64 = 0;
    let mut scales = Vec::new();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.' && char != '_');
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let after = after.trim_start();
        let letters = after.find(|char: char| !char.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let scale = if unit.is_empty() && sum == 0 && after.is_empty() {
            1000
        } else if unit == "M" {
            return None;
        } else {
            let unit = unit.to_lowercase();
            ALIASES.iter().find(|(names, _)| names.contains(&unit.as_str()))?.1
        };
        scales.push(scale);
        sum = sum.checked_add(times(&number.replace('_', ""), scale)?)?;
        rest = after.trim_start();
    }
    if !(1..=LONGEST).contains(&sum) {
        return None;
    }
    // `24 hours` is told as `24h` and not as `1d`.
    let unit = UNITS.iter().find(|(_, scale)| scales == [*scale] && sum.is_multiple_of(*scale));
    Some(unit.map_or_else(|| spell(sum), |(unit, scale)| format!("{}{unit}", sum / scale)))
}

/// What an expression was meant to be: `Duration::from_secs(30)`.
pub(crate) fn constructed(text: &str) -> Option<String> {
    let text = text.replace(' ', "");
    let (_, made) = text.split_once("Duration::from_")?;
    let (unit, number) = made.strip_suffix(')')?.split_once('(')?;
    guess(&format!("{number}{unit}"))
}

/// A decimal fraction times a scale, if that is whole.
fn times(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(scale)?;
    let divisor = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    (product % divisor == 0).then_some(product / divisor)
}

#[cfg(test)]
mod tests {
    use super::{parse, spell};

    #[test]
    fn whole_numbers_with_a_unit() {
        assert_eq!(parse("250ms"), Ok(250));
        assert_eq!(parse("30s"), Ok(30_000));
        assert_eq!(parse("15m"), Ok(900_000));
        assert_eq!(parse("24h"), Ok(86_400_000));
        assert_eq!(parse("7d"), Ok(604_800_000));
        assert_eq!(parse("36600d"), Ok(36_600 * 86_400_000));
    }

    #[test]
    fn the_nearest_legal_spelling_is_told() {
        for (wrong, meant) in [
            ("30", "30s"),
            ("30 s", "30s"),
            (" 30s ", "30s"),
            ("24H", "24h"),
            ("5min", "5m"),
            ("1.5h", "90m"),
            ("0.5s", "500ms"),
            ("1h30m", "90m"),
            ("1h 30m", "90m"),
            ("2 weeks", "14d"),
            ("1w", "7d"),
            ("24 hours", "24h"),
            ("1_000ms", "1000ms"),
            ("+5s", ""),
            ("-5s", ""),
            ("1y", ""),
            ("", ""),
            ("s", ""),
            ("soon", ""),
            ("5us", ""),
            ("٣s", ""),
        ] {
            let told = parse(wrong).expect_err(wrong);
            let end = if meant.is_empty() {
                "such as `\"30s\"`".to_owned()
            } else {
                format!("write `\"{meant}\"`")
            };
            assert!(told.ends_with(&end), "{wrong}: {told}");
        }
    }

    #[test]
    fn zero_is_refused() {
        for zero in ["0s", "0ms", "000d"] {
            assert!(parse(zero).expect_err(zero).contains("more than zero"));
        }
    }

    #[test]
    fn what_no_store_can_keep_is_refused() {
        for long in ["36601d", "99999999999999999999d", "18446744073709551615d"] {
            assert!(parse(long).expect_err(long).contains("a hundred years"), "{long}");
        }
    }

    #[test]
    fn spelled_shortest() {
        assert_eq!(spell(90_000), "90s");
        assert_eq!(spell(86_400_000), "1d");
        assert_eq!(spell(1500), "1500ms");
    }
}
