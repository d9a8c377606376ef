// mistakes: 4
#[derive(idem::StateMachine)]
#[state(table = "db.shop.orders", id = "orders.id", column = "", pg_type = "größe")]
enum OrderStatus {
    Pending,
}

fn main() {}
