#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid, Settled))]
    Pending,
    Paid,
    #[state(name = "PAID ")]
    Settled,
}

fn main() {}
