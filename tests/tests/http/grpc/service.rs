//! A service of tonic, as its generator would write one, whose every method takes a text and answers
//! with one; and a client on a channel of its own.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::PathAndQuery;
use idem::{IdempotencyKey, idempotent};
use tokio::sync::Semaphore;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use crate::support::{App, Left, User};

/// The message of every method, both ways: `google.protobuf.StringValue`.
type Text = String;

#[derive(Clone)]
pub(super) struct Points(pub(super) App);

impl Points {
    #[idempotent(key = "add:{user}:{key}", strategy = "setnx", fingerprint(text))]
    async fn add(&self, user: &User, key: &IdempotencyKey, text: &str) -> Result<Text, Status> {
        Ok(format!("{} of {text} for {}", self.0.effect(), user.0))
    }

    #[idempotent(
        key = "slow:{user}:{key}",
        strategy = "setnx",
        fingerprint(text),
        engine = self.0.idem
    )]
    async fn slow(&self, user: &User, key: &IdempotencyKey, text: &str) -> Result<Text, Status> {
        let number = self.0.effect();
        self.0.pause().await;
        Ok(format!("{number} of {text}"))
    }

    #[idempotent(key = "patient:{user}:{key}", strategy = "setnx", fingerprint(text), wait = "60s")]
    async fn patient(&self, user: &User, key: &IdempotencyKey, text: &str) -> Result<Text, Status> {
        self.0.pause().await;
        Ok(format!("{} of {text}", self.0.effect()))
    }

    #[idempotent(key = "refuse:{user}:{key}", strategy = "setnx", fingerprint = "off")]
    async fn refuse(&self, user: &User, key: &IdempotencyKey) -> Result<Text, Status> {
        Err(Status::resource_exhausted(self.0.effect().to_string()))
    }

    #[idempotent(key = "panics:{user}:{key}", strategy = "setnx", fingerprint = "off")]
    async fn panics(&self, user: &User, key: &IdempotencyKey) -> Result<Text, Status> {
        panic!("after effect {}", self.0.effect());
    }

    async fn answer(self, method: String, request: Request<Text>) -> Result<Text, Status> {
        let user = request.metadata().get("x-user").and_then(|user| user.to_str().ok());
        let user = user.map(|user| User(user.to_owned()));
        let user = user.ok_or_else(|| Status::unauthenticated("who are you?"))?;
        let key = IdempotencyKey::try_from(&request)?;
        let text = request.into_inner();
        match &*method {
            "add" => self.add(&user, &key, &text).await,
            "slow" => self.slow(&user, &key, &text).await,
            "patient" => self.patient(&user, &key, &text).await,
            "refuse" => self.refuse(&user, &key).await,
            "panics" => self.panics(&user, &key).await,
            _ => Err(Status::unimplemented(method)),
        }
    }
}

struct Method(Points, String);

type Answering<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl UnaryService<Text> for Method {
    type Response = Text;
    type Future = Answering<Response<Text>, Status>;

    fn call(&mut self, request: Request<Text>) -> Self::Future {
        let answer = self.0.clone().answer(self.1.clone(), request);
        Box::pin(async { answer.await.map(Response::new) })
    }
}

impl NamedService for Points {
    const NAME: &'static str = "test.Points";
}

impl Service<http::Request<Body>> for Points {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let name = request.uri().path().rsplit('/').next().unwrap_or_default();
        let method = Method(self.clone(), name.to_owned());
        let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
        Box::pin(async move { Ok(grpc.unary(method, request).await) })
    }
}

/// Tells of each call that the server has given up.
#[derive(Clone)]
pub(super) struct Watched<S>(S, Arc<Semaphore>);

impl<S> Watched<S> {
    pub(super) fn by(left: &Arc<Semaphore>) -> impl Layer<S, Service = Self> + Clone + use<S> {
        let left = Arc::clone(left);
        layer_fn(move |inner| Self(inner, Arc::clone(&left)))
    }
}

impl<S, B> Service<http::Request<B>> for Watched<S>
where
    S: Service<http::Request<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (left, answer) = (Left(Arc::clone(&self.1)), self.0.call(request));
        Box::pin(async {
            let answer = answer.await;
            left.answered();
            answer
        })
    }
}

/// Serves an app under its layer for as long as the test's runtime lives.
pub(super) async fn serve(app: &App) -> Client {
    let router = Server::builder().layer(app.idem.layer()).add_service(Points(app.clone()));
    let (listener, address) = listen().await;
    tokio::spawn(router.serve_with_incoming(listener));
    Client::of(address).await
}

pub(super) async fn listen() -> (TcpListenerStream, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (TcpListenerStream::new(listener), address)
}

#[derive(Clone)]
pub(super) struct Client(Channel);

impl Client {
    pub(super) async fn of(server: SocketAddr) -> Self {
        let endpoint = Channel::from_shared(format!("http://{server}")).expect("an address");
        Self(endpoint.connect().await.expect("somebody listens"))
    }

    /// Calls a method as `lovelace`, with the key `k-1`.
    pub(super) async fn call(&self, method: &str, text: &str) -> Result<Response<Text>, Status> {
        self.send(method, lovelace(text)).await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        request: Request<Text>,
    ) -> Result<Response<Text>, Status> {
        let mut grpc = Grpc::new(self.0.clone());
        grpc.ready().await.expect("the channel is open");
        let path = PathAndQuery::try_from(format!("/test.Points/{method}")).expect("a path");
        grpc.unary(request, path, ProstCodec::<Text, Text>::default()).await
    }
}

/// A request of `lovelace` with the key `k-1`.
pub(super) fn lovelace(text: &str) -> Request<Text> {
    request("lovelace", &["k-1"], text)
}

pub(super) fn request(user: &'static str, keys: &[&'static str], text: &str) -> Request<Text> {
    let mut request = Request::new(text.to_owned());
    let metadata = request.metadata_mut();
    metadata.insert("x-user", user.parse().expect("ASCII"));
    for key in keys {
        metadata.append("idempotency-key", key.parse().expect("ASCII"));
    }
    request
}

/// The same, to be given up by its client after this time.
pub(super) fn hurried(text: &str, timeout: Duration) -> Request<Text> {
    let mut request = lovelace(text);
    request.set_timeout(timeout);
    request
}
