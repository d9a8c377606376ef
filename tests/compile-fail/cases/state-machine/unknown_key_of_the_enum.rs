// mistakes: 2
#[derive(idem::StateMachine)]
#[state(tabel = "orders", id = "id", column = "status", schema = "shop")]
enum OrderStatus {
    Pending,
}

fn main() {}
