#[derive(idem::StateMachine)]
enum OrderStatus {
    Pending,
}

fn main() {}
