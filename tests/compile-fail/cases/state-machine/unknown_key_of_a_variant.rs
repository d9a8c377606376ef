// mistakes: 2
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(too(Paid))]
    Pending,
    #[state(final)]
    Paid,
}

fn main() {}
