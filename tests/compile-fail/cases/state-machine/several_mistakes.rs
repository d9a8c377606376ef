// mistakes: 6
#[derive(idem::StateMachine)]
#[state(table = "order s", id = "id")]
enum OrderStatus {
    #[state(to(Pending, Payed), name = "")]
    Pending,
    Paid(u64),
}

fn main() {}
