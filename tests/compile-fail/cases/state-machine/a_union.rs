#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
union Order {
    status: u8,
}

fn main() {}
