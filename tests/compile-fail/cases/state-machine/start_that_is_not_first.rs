#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    Paid,
    #[state(to(Paid))]
    Pending,
}

fn main() {}
