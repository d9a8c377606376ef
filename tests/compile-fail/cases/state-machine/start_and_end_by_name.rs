// mistakes: 2
use idem::StateMachine;

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status", initial = Pending)]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    #[state(terminal)]
    Paid,
}

fn main() {}
