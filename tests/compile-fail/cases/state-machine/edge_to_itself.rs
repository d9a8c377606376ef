#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Pending, Paid))]
    Pending,
    Paid,
}

fn main() {}
