// mistakes: 2
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
#[state(table = "shop.orders")]
enum OrderStatus {
    #[state(to(Paid), to(Cancelled))]
    Pending,
    Paid,
    Cancelled,
}

fn main() {}
