use idem::StateMachine;

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status", transitions(Pending => Paid))]
enum OrderStatus {
    Pending,
    Paid,
}

fn main() {}
