//! The first start, the settings, and the commands of an operator.

use diesel::prelude::*;
use khabar::db::schema::users;
use serde_json::{Value, json};

use crate::support::process::{Home, PASSWORD};

#[test]
fn the_first_start_says_how_to_make_the_first_administrator() {
    let home = Home::empty();
    let server = home.serve();
    let told = server.err();
    let advice: Vec<&str> = told.lines().filter(|line| !line.starts_with("Khabar answers")).collect();
    assert_eq!(advice.len(), 3, "{told}");
    assert!(advice[2].contains("khabar user create --role admin --email"), "{told}");
    assert!(told.contains("Khabar answers at http://khabar.test"), "{told}");
    let accounts: i64 = users::table.count().get_result(&mut home.sql()).unwrap();
    assert_eq!(accounts, 0, "no account exists by default");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let secret = home.path().join("data/jwt-secret").metadata().unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
        assert!(secret.len() >= 32);
    }
    home.account("admin");
    drop(server);
    let server = home.serve();
    assert_eq!(server.err().lines().count(), 1, "once there is one, nothing is said: {}", server.err());
}

#[test]
fn settings_that_mean_nothing_are_refused_by_name() {
    let refusals = [
        ("KHABAR_JWT_SECRET", "short", "jwt_secret: must have 32 bytes or more"),
        ("KHABAR_FOO", "1", "foo"),
        ("KHABAR_HTTP__WORKER", "1", "worker"),
        ("KHABAR_HTTP__WORKERS", "many", "WORKERS"),
        ("KHABAR_BIND", "localhost", "bind: must be an address and a port"),
        ("KHABAR_LOG", "khabar=loud", "log"),
        ("DATABASE_URL", "mysql://root:geheim@localhost/x", "DATABASE_URL"),
    ];
    for (name, value, why) in refusals {
        let home = Home::empty().set(name, value);
        for command in ["check-config", "serve", "migrate"] {
            if (name, command) == ("KHABAR_LOG", "migrate") {
                continue; // It logs nothing.
            }
            let ran = home.run(&[command]).refuses(why);
            assert!(!ran.err.contains("geheim"), "{}", ran.err);
            assert!(!home.path().join("data").exists(), "and nothing was touched");
        }
    }
    for (lines, why) in [("foo = 1", "foo"), ("[http]\nbody_limit = 5", "body_limit"), ("bind = ", "khabar.toml")] {
        let home = Home::empty();
        std::fs::write(home.path().join("khabar.toml"), lines).unwrap();
        home.run(&["serve"]).refuses(why);
        home.run(&["check-config"]).refuses(why);
    }
}

#[test]
fn the_settings_are_shown_without_their_secrets() {
    let home = Home::empty()
        .set("KHABAR_JWT_SECRET", "geheim geheim geheim geheim geheim")
        .set("DATABASE_URL", "postgres://me:geheim@127.0.0.1:1/x");
    std::fs::write(home.path().join("khabar.toml"), "[auth]\naccess_minutes = 7").unwrap();
    let ran = home.run(&["check-config"]).succeeds();
    assert!(ran.out.contains("access_minutes: 7"), "{}", ran.out);
    assert!(!ran.out.contains("geheim"), "{}", ran.out);
    assert!(!home.path().join("data").exists(), "nothing is touched");
    // Digits are read as a number, which is not shown either.
    for number in ["1234567890123", "-12345678901", "1234567890.5"] {
        let ran =
            home.neighbour().set("KHABAR_JWT_SECRET", number).run(&["check-config"]).refuses("in quotation marks");
        assert!(!ran.err.contains("12345678"), "{}", ran.err);
    }
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let home = Home::empty().set("DATABASE_URL", "postgres://me:geheim@127.0.0.1:1/news");
    for command in ["serve", "migrate", "demo"] {
        let ran = home.run(&[command]).refuses("the database is away");
        assert!(!ran.err.contains("geheim"), "{}", ran.err);
    }
}

#[test]
fn the_document_that_is_printed_is_the_committed_one_and_the_served_one() {
    let home = Home::new();
    let printed: Value = serde_json::from_str(&home.run(&["openapi"]).succeeds().out).unwrap();
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    assert_eq!(printed, committed, "run `khabar openapi > openapi/openapi.json`");
    assert_eq!(home.serve().ask().get("/openapi.json").expect(200).json, printed);
}

#[test]
fn an_operator_manages_accounts_at_the_command_line() {
    let home = Home::empty();
    home.run(&["migrate"]).succeeds();
    home.run(&["migrate"]).succeeds();
    let create = |email: &str, role: &str, password: &str| {
        let arguments = ["user", "create", "--email", email, "--name", "سارة", "--role", role, "--password-stdin"];
        home.run_with(&arguments, &format!("{password}\r\n"))
    };
    create("one@khabar.example", "admin", "short").refuses("password");
    create("nonsense", "admin", PASSWORD).refuses("email");
    create("one@khabar.example", "king", PASSWORD).refuses("must be one of");
    let made = create("one@khabar.example", "admin", PASSWORD).succeeds();
    assert!(!made.out.contains(PASSWORD) && !made.err.contains(PASSWORD));
    create("ONE@khabar.example", "reader", PASSWORD).refuses("has this already");
    home.run(&["user", "create", "--email", "a@b.example", "--name", "A", "--role", "admin"])
        .refuses("--password-stdin");

    let listed = home.run(&["user", "list"]).succeeds().out;
    assert!(
        listed.lines().count() == 1 && listed.contains("one@khabar.example") && listed.contains("سارة"),
        "{listed}"
    );
    let role = |email: &str, role: &str| home.run(&["user", "set-role", "--email", email, "--role", role]);
    role("one@khabar.example", "editor").refuses("The last administrator must stay");
    role("nobody@khabar.example", "editor").refuses("nobody has the address");
    create("two@khabar.example", "reader", PASSWORD).succeeds();
    role("two@khabar.example", "admin").succeeds();
    role("one@khabar.example", "editor").succeeds();

    let server = home.serve();
    let two = server.sign_in("two@khabar.example");
    assert_eq!(two.get("/api/v1/me").expect(200).json["role"], "admin");
    let reset = ["user", "reset-password", "--email", "two@khabar.example", "--password-stdin"];
    home.run_with(&reset, "شاي بالنعناع كل مساء 7\n").succeeds();
    two.get("/api/v1/me").refused(401, "unauthenticated");
    let old = json!({ "email": "two@khabar.example", "password": PASSWORD });
    server.ask().post("/api/v1/auth/login", &[], &old).refused(401, "bad_credentials");
    home.run(&["nonsense"]).refuses("unrecognized");
    assert_eq!(home.run(&["nonsense"]).code, Some(2));
    home.run(&["--version"]).succeeds();
}

#[test]
fn a_token_is_good_after_a_restart_and_worthless_under_another_secret() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let token = server.sign_in(&email).token();
    drop(server);
    let server = home.serve();
    server.ask().with_token(token.clone()).get("/api/v1/me").expect(200);
    drop(server);
    let other = home.neighbour().set("KHABAR_JWT_SECRET", &"x".repeat(40));
    other.run(&["forget-sealed"]).succeeds();
    other.serve().ask().with_token(token).get("/api/v1/me").refused(401, "unauthenticated");
}

#[test]
fn a_port_that_is_taken_is_said_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new().set("KHABAR_BIND", &taken.local_addr().unwrap().to_string());
    home.run(&["serve"]).refuses("can't listen on 127.0.0.1");
}
