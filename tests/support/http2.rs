//! HTTP/2 by axum: the same answers, with those faults that HTTP/2 can have.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, http, serve::Listener};
use futures_util::stream;
use tokio::{
    net::TcpStream,
    sync::mpsc::{Receiver, Sender, channel},
};
use tokio_rustls::server::TlsStream;

use super::http::{Answer, Request, Way};

/// Takes connections whose handshake has ended on HTTP/2.
pub type Connections = Sender<TlsStream<TcpStream>>;

/// Serves what is sent to the returned end, in the background of the current runtime.
pub fn serve(answer: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static) -> Connections {
    let (connections, incoming) = channel(16);
    let router = Router::new().fallback(move |request: http::Request<Body>| {
        let answer = answer(&read(&request));
        async move {
            tokio::time::sleep(answer.delay).await;
            response(&answer)
        }
    });
    tokio::spawn(async move { axum::serve(Handshaken(incoming), router).await });
    connections
}

struct Handshaken(Receiver<TlsStream<TcpStream>>);

impl Listener for Handshaken {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(stream) => {
                let peer = stream.get_ref().0.peer_addr();
                (stream, peer.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))))
            }
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

fn read(request: &http::Request<Body>) -> Request {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter();
    Request {
        host: request.uri().host().unwrap_or_default().to_owned(),
        target: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        version: "HTTP/2.0",
    }
}

fn response(answer: &Answer) -> http::Response<Body> {
    let mut response = http::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body(answer)).expect("the test has made a proper answer")
}

fn body(answer: &Answer) -> Body {
    let whole = answer.body.as_ref().clone();
    let broken = || Err(io::Error::other("broken on purpose"));
    match answer.way {
        Way::Whole => Body::from(whole),
        Way::Cut(sent) => Body::from_stream(stream::unfold(0, move |step| {
            let part = whole[..sent].to_vec();
            async move {
                match step {
                    0 => Some((Ok(part), 1)),
                    _ => {
                        // A reset may discard what was sent just before it and has not arrived yet.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Some((broken(), 2))
                    }
                }
            }
        })),
        Way::Endless => {
            Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(whole.clone())))
        }
        Way::Drip(pause) => Body::from_stream(stream::unfold(0, move |at| {
            let byte = whole.get(at).copied();
            async move {
                tokio::time::sleep(pause).await;
                byte.map(|byte| (Ok::<_, io::Error>(vec![byte]), at + 1))
            }
        })),
        Way::UntilClose | Way::Silence | Way::Raw => panic!("a fault of HTTP/1.1 only"),
    }
}
