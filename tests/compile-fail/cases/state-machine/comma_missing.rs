#[derive(idem::StateMachine)]
#[state(table = "orders" id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
}

fn main() {}
