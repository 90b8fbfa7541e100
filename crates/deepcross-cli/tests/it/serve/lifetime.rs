//! Start, reload and end of the service.

use super::{Answer, Service, request, rows};
use crate::Folder;
use std::io::{BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const BEARER: &str = "authorization: Bearer secret\r\n";

#[test]
fn wrong_calls_end_before_anything_is_served() {
    let folder = Folder::with_model();
    folder.write("empty.token", " \n");
    let token = "must hold a token of visible ASCII characters, without blanks";
    let limits = "`queue-rows` must be at least `max-rows`, but 5 is less than 4096";
    for (flags, message) in [
        ("--queue-rows 5", limits.to_owned()),
        ("--token-file empty.token", format!("empty.token: {token}")),
        ("--read-timeout 0s", "`read-timeout` must be above 0, but is 0".to_owned()),
    ] {
        folder.fail(&format!("serve --model model.dcx {flags}"), 2, &message);
    }
    folder.write("broken.dcx", "no model");
    let outcome = folder.call("serve --model broken.dcx --addr 127.0.0.1:0");
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("broken.dcx"), "{}", outcome.stderr);
    let service = Service::start(&folder, "");
    let outcome = folder.call(&format!("serve --model model.dcx --addr {}", service.addr));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("cannot listen on"), "{}", outcome.stderr);
}

#[test]
fn a_token_guards_the_routes_under_v1() {
    let folder = Folder::with_model();
    let open = Service::start(&folder, "");
    open.post("/v1/reload", "").is_problem(403, &["SIGHUP"]);
    folder.write("token", "secret\n");
    let by_file = Service::start(&folder, "--token-file token");
    let by_environment = Service::start_with(&folder, "", Some("secret"));
    for service in [by_file, by_environment] {
        for (method, path) in [
            ("POST", "/v1/score"),
            ("POST", "/v1/rank"),
            ("GET", "/v1/model"),
            ("POST", "/v1/reload"),
        ] {
            for headers in
                ["", "authorization: Bearer secre\r\n", "authorization: Basic secret\r\n"]
            {
                let answer = service.ask(method, path, headers, "");
                answer.is_problem(401, &["Bearer"]);
                assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
            }
        }
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
            assert_eq!(service.get(path).status, 200, "{path}");
        }
        let scored = service.ask("POST", "/v1/score", BEARER, &rows(1));
        assert_eq!(scored.probabilities().len(), 1);
        assert_eq!(service.ask("POST", "/v1/reload", BEARER, "").status, 200);
    }
}

#[test]
fn a_reload_fails_no_request_and_a_broken_model_is_refused() {
    let folder = Folder::with_model();
    let old = folder.read("model.dcx");
    folder.succeed("train --config run.toml --data train.csv --out new.dcx --seed 7");
    let new = folder.read("new.dcx");
    let mut service = Service::start_with(&folder, "", Some("secret"));
    let score =
        |service: &Service| service.ask("POST", "/v1/score", BEARER, &rows(2)).probabilities();
    let of_old = score(&service);
    // The file is replaced whole, as `train --out` does it.
    let replace = |model: &[u8]| {
        folder.write("next.dcx", model);
        std::fs::rename(folder.path("next.dcx"), folder.path("model.dcx")).unwrap();
    };
    replace(&new);
    service.signal("-HUP");
    assert!(service.line().starts_with("reloaded: now serving "));
    let of_new = score(&service);
    assert_ne!(of_old, of_new);

    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let scored = score(&service);
                    assert!(scored == of_old || scored == of_new, "{scored:?}");
                }
            });
        }
        for model in [&old, &new].repeat(5) {
            replace(model);
            assert_eq!(service.ask("POST", "/v1/reload", BEARER, "").status, 200);
        }
        replace(&new[..new.len() - 9]);
        let refused = service.ask("POST", "/v1/reload", BEARER, "");
        refused.is_problem(409, &["model.dcx"]);
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(score(&service), of_new);
    let metrics = service.get("/metrics").body;
    assert!(metrics.contains("deepcross_reloads_total{result=\"done\"} 11"), "{metrics}");
    assert!(metrics.contains("deepcross_reloads_total{result=\"refused\"} 1"), "{metrics}");
    service.signal("-TERM");
    let (code, said) = service.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("reload refused, still serving the old model: `model.dcx`"), "{said}");
}

#[test]
fn requests_end_with_the_model_that_they_began_with() {
    let folder = Folder::with_model();
    folder.succeed("train --config run.toml --data train.csv --out new.dcx --seed 7");
    let mut service = Service::start(&folder, "--threads 1 --batch-delay 800ms");
    let of_old = service.post("/v1/score", &rows(1)).probabilities();
    let mut began = service.connect();
    began.write_all(request("POST", "/v1/score", "", &rows(1)).as_bytes()).unwrap();
    let start = Instant::now();
    while !service.get("/metrics").body.contains("deepcross_queue_rows 1") {
        assert!(start.elapsed().as_millis() < 750, "the row never waited");
    }
    std::fs::rename(folder.path("new.dcx"), folder.path("model.dcx")).unwrap();
    service.signal("-HUP");
    assert!(service.line().starts_with("reloaded: now serving "));
    // Most often both rows wait together now.
    let of_new = service.post("/v1/score", &rows(1)).probabilities();
    assert_eq!(Answer::read(&mut BufReader::new(began)).probabilities(), of_old);
    assert_eq!(service.post("/v1/score", &rows(1)).probabilities(), of_new);
    assert_ne!(of_old, of_new);
}

#[test]
fn requests_in_flight_are_answered_before_the_end() {
    let folder = Folder::with_model();
    for signal in ["-TERM", "-INT"] {
        let mut service = Service::start(&folder, "--batch-delay 1s --drain-delay 1s");
        let mut stream = service.connect();
        let idle = service.connect();
        stream.write_all(request("POST", "/v1/score", "", &rows(3)).as_bytes()).unwrap();
        let start = Instant::now();
        while !service.get("/metrics").body.contains("deepcross_queue_rows 3") {
            assert!(start.elapsed().as_millis() < 900, "the rows never waited");
        }
        assert_eq!(service.get("/readyz").status, 200);
        service.signal(signal);
        assert_eq!(service.line(), "draining: answering the requests in flight");
        service.get("/readyz").is_problem(503, &["shutting down"]);
        assert_eq!(Answer::read(&mut BufReader::new(stream)).probabilities().len(), 3);
        let (code, said) = service.end();
        assert_eq!((code, said.trim_end()), (Some(0), "drained: all requests are answered"));
        drop(idle);
    }
}

#[test]
fn the_end_does_not_wait_forever() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--drain-timeout 200ms");
    let mut stream = service.connect();
    stream.write_all(b"POST /v1/score HTTP/1.1\r\nhost: t\r\ncontent-length: 50\r\n\r\n{").unwrap();
    while !service.get("/metrics").body.contains("deepcross_connections 2") {}
    service.signal("-TERM");
    let start = Instant::now();
    let (code, said) = service.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("1 connection was cut"), "{said}");
    assert!(start.elapsed().as_secs() < 8, "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = Folder::with_model();
    let mut service = Service::start(&folder, "--drain-delay 60s");
    service.signal("-INT");
    assert!(service.line().starts_with("draining"));
    service.signal("-INT");
    let (code, said) = service.end();
    assert_eq!((code, said.trim_end()), (Some(0), "ended: 0 connections were cut"));
}

#[test]
fn no_message_repeats_a_part_of_a_request() {
    let folder = Folder::with_model();
    let service = Service::start_with(&folder, "", Some("secret"));
    let body = rows(1).replace("ad1", "confidential");
    service.ask("POST", "/v1/score", BEARER, &body);
    service.ask("POST", "/v1/score", BEARER, &body.replace("20", "\"confidential\""));
    let metrics = service.get("/metrics").body;
    service.signal("-TERM");
    let (_, said) = service.end();
    for text in [said, metrics] {
        assert!(!text.contains("confidential") && !text.contains("secret"), "{text}");
    }
}
