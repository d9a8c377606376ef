#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
    #[state(to(Refunded))]
    Disputed,
    Refunded,
}

fn main() {}
