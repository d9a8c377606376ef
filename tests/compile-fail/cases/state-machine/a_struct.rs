#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
struct Order {
    status: String,
}

fn main() {}
