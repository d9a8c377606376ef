use idem::StateMachine;

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status", rename_all = "UPPERCASE")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
}

fn main() {}
