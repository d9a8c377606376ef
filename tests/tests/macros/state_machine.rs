//! `#[derive(StateMachine)]`.

use idem::StateMachine;

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    /// Not paid yet.
    #[state(to(Paid, Cancelled))]
    Pending,
    #[state(to(Shipped, Refunded))]
    Paid,
    Shipped,
    Refunded,
    #[state(name = "void")]
    Cancelled,
}

const ORDERS: &str = "\
stateDiagram-v2
    [*] --> Pending
    Pending --> Paid
    Pending --> Cancelled
    Paid --> Shipped
    Paid --> Refunded
    Shipped --> [*]
    Refunded --> [*]
    Cancelled --> [*]
";

mod elsewhere {
    /// Nothing is imported here: neither the trait nor the derive.
    #[derive(idem::StateMachine)]
    #[state(table = "shop.doors", id = "number", column = "state", pg_type = "shop.door_state")]
    #[repr(i16)]
    pub(super) enum Door {
        #[state(to(r#move, Shut,))]
        #[non_exhaustive]
        Open = -3,
        #[state(to(Open), name = "shut tight")]
        Shut = 300,
        #[allow(non_camel_case_types)]
        #[state(to(Open))]
        r#move,
    }
}

macro_rules! machine {
    ($name:ident, $table:literal: $first:ident => $second:ident) => {
        #[derive(StateMachine)]
        #[state(table = $table, id = "id", column = "state")]
        enum $name {
            #[state(to($second))]
            $first,
            $second,
        }
    };
}

machine!(Parcel, "parcels": AtHome => OnItsWay);

#[derive(StateMachine)]
#[state(table = "notes", id = "id", column = "state")]
enum Alone {
    Written,
}

#[test]
fn a_state_is_stored_by_its_name() {
    let names: Vec<_> = OrderStatus::MACHINE.states().collect();
    assert_eq!(names, ["pending", "paid", "shipped", "refunded", "void"]);
    for name in names {
        assert_eq!(OrderStatus::from_name(name).map(|state| state.name()), Some(name));
    }
    for stranger in ["", "Pending", "cancelled", "pending "] {
        assert_eq!(OrderStatus::from_name(stranger), None);
    }
}

#[test]
fn a_machine_is_a_diagram() {
    assert_eq!(OrderStatus::diagram(), ORDERS);
    assert!(elsewhere::Door::diagram().contains("Open --> move\n"));
    assert!(!elsewhere::Door::diagram().contains("[*]\n"));
    assert_eq!(Alone::diagram().lines().count(), 3);
    const { assert!(!Parcel::diagram().is_empty()) }
}

#[test]
fn a_machine_knows_whether_it_comes_back() {
    assert!(!OrderStatus::MACHINE.is_cyclic());
    assert!(elsewhere::Door::MACHINE.is_cyclic());
    let edges: Vec<_> = Parcel::MACHINE.edges().collect();
    assert_eq!(edges, [("at_home", "on_its_way")]);
    assert_eq!(elsewhere::Door::MACHINE.edges().count(), 4);
}
