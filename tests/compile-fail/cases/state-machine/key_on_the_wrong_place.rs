// mistakes: 2
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status", to(Paid))]
enum OrderStatus {
    #[state(to(Paid), table = "orders")]
    Pending,
    Paid,
}

fn main() {}
