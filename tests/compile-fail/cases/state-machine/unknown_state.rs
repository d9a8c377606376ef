// mistakes: 2
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Payed, Done))]
    Pending,
    Paid,
}

fn main() {}
