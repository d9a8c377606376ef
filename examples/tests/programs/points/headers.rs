//! Heads of requests as attackers and bad clients write them, to the service itself and through Nginx.

use std::net::SocketAddr;

use kit::http::Request;
use kit::nginx;

use crate::points::service::{Instance, asks, assert_problem, balance, credit, ten};

/// An instance, and the two doors to it.
async fn two_doors() -> (Instance, nginx::Server, [SocketAddr; 2]) {
    let instance = Instance::alone().await;
    let nginx = nginx::Server::before(&[instance.address], "");
    let doors = [instance.address, nginx.address()];
    (instance, nginx, doors)
}

fn keyless() -> Request {
    asks("POST", "/credit", "ada")
}

#[tokio::test]
async fn bare_and_quoted_are_one_key_at_both_doors() {
    let (_instance, _nginx, [direct, nginx]) = two_doors().await;
    let body = ten("a", 0, "first");
    let bare = keyless().key("8e03978e-40d5").json(&body).send(direct).await;
    let quoted = keyless().key("\"8e03978e-40d5\"").json(&body).send(nginx).await;
    assert_eq!((bare.status, bare.is_replayed()), (201, false));
    assert_eq!((quoted.status, quoted.is_replayed()), (201, true));
    let escaped = || keyless().key(r#""a\"b""#).json(&body);
    assert!(!escaped().send(nginx).await.is_replayed());
    assert!(escaped().send(direct).await.is_replayed());
    assert_eq!(balance(direct, "a").await, 20);
}

#[tokio::test]
async fn a_key_that_is_none_has_no_effect() {
    let (_instance, _nginx, doors) = two_doors().await;
    let body = ten("a", 0, "first");
    let keys: [(&[u8], &str); 11] = [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"\"\"", "empty"),
        (&[b'k'; 256], "too-long"),
        (b"a b", "characters"),
        (b"a\tb", "characters"),
        ("schlüssel".as_bytes(), "characters"),
        (b"\"a\", \"b\"", "repeated"),
        (b"a,a", "repeated"),
        (br#""a\x""#, "malformed"),
        (b"\"a", "malformed"),
    ];
    let endless = vec![b'k'; 1 << 20];
    for door in doors {
        assert_problem(&keyless().json(&body).send(door).await, 400, "missing");
        for (key, name) in keys {
            assert_problem(&keyless().key(key).json(&body).send(door).await, 400, name);
        }
        let twice = keyless().key("a").key("a").json(&body).send(door).await;
        assert_problem(&twice, 400, "repeated");
        // These get no further than a server's reader of heads.
        for key in [&b"a\x00b"[..], b"a\x07b", b"a\x7fb", &endless] {
            let status = keyless().key(key).json(&body).send(door).await.status;
            assert!(matches!(status, 400 | 431), "{status}");
        }
        assert_eq!(balance(door, "a").await, 0);
    }
    let longest = keyless().key([b'k'; 255]).json(&body).send(doors[1]).await;
    assert_eq!(longest.status, 201);
}

#[tokio::test]
async fn who_does_not_say_who_it_is_is_refused() {
    let (_instance, _nginx, doors) = two_doors().await;
    let body = ten("a", 0, "first");
    for door in doors {
        for path in ["/credit", "/unprotected/credit"] {
            let post = || Request::post(path).key("k-1");
            let requests = [
                post(),
                post().header("Authorization", ""),
                post().header("Authorization", "Bearer"),
                post().header("Authorization", "Bearer "),
                post().header("Authorization", "Basic YWRhOmFkYQ=="),
                post().header("Authorization", b"Bearer \xff"),
            ];
            for request in requests {
                let answer = request.json(&body).send(door).await;
                assert_eq!((answer.status, answer.text()), (401, ""));
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
        // Nginx refuses two of them by itself.
        let two = credit("ada", &body).header("Authorization", "Bearer bob").send(door).await;
        assert!(matches!(two.status, 400 | 401), "{}", two.status);
        assert_eq!(balance(door, "a").await, 0);
    }
}
