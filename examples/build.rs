//! Writes the server and the client of the example `grpc`. With a `.proto` file and protoc it would be
//! `tonic_prost_build::compile_protos`; this needs neither.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let pay = Method::builder()
        .name("pay")
        .route_name("Pay")
        .comment("Makes a payment.")
        .input_type("crate::wire::Payment")
        .output_type("crate::wire::Receipt")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let payments = Service::builder().name("Payments").package("shop").method(pay).build();
    Builder::new().compile(&[payments]);
}
