// mistakes: 2
#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid, Shipped))]
    Pending,
    Paid(u64),
    Shipped { number: String },
}

fn main() {}
