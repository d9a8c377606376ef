use idem::StateMachine;

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    Pending,
    #[state(from(Pending))]
    Paid,
}

fn main() {}
