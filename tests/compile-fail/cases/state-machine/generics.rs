#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus<const N: usize> {
    Pending,
}

fn main() {}
