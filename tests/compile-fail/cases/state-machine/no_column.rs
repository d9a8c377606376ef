#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id")]
enum OrderStatus {
    Pending,
}

fn main() {}
