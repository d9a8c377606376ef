// mistakes: 3
#[derive(idem::StateMachine)]
#[state(table = orders, id("id"), column)]
enum OrderStatus {
    Pending,
}

fn main() {}
