//! How a name in `CamelCase` is written in `snake_case`.

/// `WebShop` as `web_shop`, `HTTPPort` as `http_port`.
pub(crate) fn snake_case(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(at + 1);
        let starts = char.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() && before != '_'
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if starts {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn variants_in_snake_case() {
        for (name, snake) in [
            ("Pending", "pending"),
            ("WebShop", "web_shop"),
            ("HTTPPort", "http_port"),
            ("V2", "v2"),
            ("V2Beta", "v2_beta"),
            ("already_snake", "already_snake"),
            ("Ä", "ä"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
