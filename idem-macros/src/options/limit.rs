//! How many attempts a window has: a whole number, at least 1.

use syn::{Expr, Lit, LitInt, UnOp};

/// More attempts than this are no limit.
const HIGHEST: u32 = 1_000_000;

const RULE: &str = "a limit is a whole number of attempts";

/// The number, or what is wrong and what to write.
pub(crate) fn parse(found: &Expr) -> Result<u32, String> {
    match found {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => whole(number),
            Lit::Str(text) => Err(match text.value().trim().parse() {
                Ok(number @ 1..=HIGHEST) => {
                    format!("a limit is not quoted: write `limit = {number}`")
                }
                _ => generic(),
            }),
            _ => Err(generic()),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Err(at_least_one()),
        _ => Err(generic()),
    }
}

fn whole(number: &LitInt) -> Result<u32, String> {
    match number.base10_digits().parse() {
        Ok(0) => Err(at_least_one()),
        Ok(value @ 1..=HIGHEST) if number.suffix().is_empty() => Ok(value),
        Ok(value @ 1..=HIGHEST) => {
            Err(format!("a limit is a number without a type: write `limit = {value}`"))
        }
        _ => {
            Err(format!("a limit is at most {HIGHEST} attempts: write `limit = {HIGHEST}` or less"))
        }
    }
}

fn at_least_one() -> String {
    "a limit is at least 1, which is what it is unless set: write `limit = 1`, or leave the option out"
        .to_owned()
}

fn generic() -> String {
    format!("{RULE}, 1 to {HIGHEST}, such as `limit = 3`")
}

#[cfg(test)]
mod tests {
    use super::{HIGHEST, parse};

    fn read(text: &str) -> Result<u32, String> {
        parse(&syn::parse_str(text).expect(text))
    }

    #[test]
    fn whole_numbers_from_one() {
        for (text, number) in [("1", 1), ("3", 3), ("1_000", 1000), ("0x10", 16)] {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        assert_eq!(read("1000000"), Ok(HIGHEST));
    }

    #[test]
    fn the_remedy_is_told() {
        for (wrong, remedy) in [
            ("0", "write `limit = 1`"),
            ("-1", "write `limit = 1`"),
            ("-9.5", "write `limit = 1`"),
            ("1.0", "such as `limit = 3`"),
            ("3u8", "without a type: write `limit = 3`"),
            ("\"3\"", "not quoted: write `limit = 3`"),
            ("\"0\"", "1 to 1000000"),
            ("\"three\"", "1 to 1000000"),
            ("true", "1 to 1000000"),
            ("ONE", "1 to 1000000"),
            ("1 + 1", "1 to 1000000"),
            ("1000001", "write `limit = 1000000` or less"),
            ("99999999999999999999999999", "write `limit = 1000000` or less"),
        ] {
            let told = read(wrong).expect_err(wrong);
            assert!(told.contains(remedy), "{wrong}: {told}");
        }
    }
}
