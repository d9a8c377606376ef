// mistakes: 3
#[derive(idem::StateMachine)]
#[state(table = "orders; drop table users", id = "1d", column = "order status")]
enum OrderStatus {
    Pending,
}

fn main() {}
