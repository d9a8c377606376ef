// mistakes: 3
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(OrderStatus::Paid, Self::Paid, 7))]
    Pending,
    Paid,
}

fn main() {}
