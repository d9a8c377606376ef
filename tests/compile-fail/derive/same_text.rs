use idem::KeyPart;

#[allow(non_camel_case_types)]
#[derive(KeyPart)]
enum Channel {
    WebShop,
    web_shop,
}

fn main() {}
