#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
    #[state(to(Frozen))]
    Open,
    #[state(to(Open))]
    Frozen,
}

fn main() {}
