#[derive(idem::StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(HttpError, HTTPError))]
    Pending,
    HttpError,
    HTTPError,
}

fn main() {}
