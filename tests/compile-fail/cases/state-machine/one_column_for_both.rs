#[derive(idem::StateMachine)]
#[state(table = "orders", id = "status", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
}

fn main() {}
