use idem::Token;

fn log(token: &Token) {
    println!("{token}");
}

fn main() {}
