//! Every operation of the document, asked by everyone: the answer agrees with the policy, and with the matrix in
//! `permissions.txt`, which people read.

use std::fmt::Write as _;

use khabar::auth::Role;
use khabar::auth::actions::POLICY;

use crate::support::document::{Operation, operations};
use crate::support::snapshot::assert_snapshot;
use crate::support::{Answer, Client, TestApp};

const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// Nobody, then the roles.
fn everyone() -> Vec<Option<Role>> {
    std::iter::once(None).chain(Role::ALL.iter().copied().map(Some)).collect()
}

/// Whether the policy lets somebody do an operation.
fn may(operation: &Operation, role: Option<Role>) -> bool {
    let Some(permission) = &operation.permission else { return true };
    let (_, roles) = POLICY.iter().find(|(name, _)| name == permission).expect("a permission of the policy");
    role.is_some_and(|role| roles.contains(&role))
}

/// Somebody new, so that what one operation does to its caller touches no other.
async fn caller(app: &TestApp, role: Option<Role>) -> Client {
    match role {
        Some(role) => app.as_(role).await,
        None => app.anonymous(),
    }
}

/// The operation's path with something in each parameter.
fn path(operation: &Operation) -> String {
    let fill = |part: &str| match part {
        "{code}" => "stale".to_owned(),
        "{n}" | "{version}" => "1".to_owned(),
        part if part.starts_with('{') => NOBODYS_ID.to_owned(),
        part => part.to_owned(),
    };
    operation.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

pub async fn call(client: &Client, operation: &Operation, body: &str) -> Answer {
    let mut request = client.ask(&operation.method, &path(operation)).if_match("\"1\"");
    if operation.has_body() {
        request = request.body(body);
    }
    request.send().await
}

/// Whether an answer is «who are you» or «not you».
pub fn is_denied(answer: &Answer) -> bool {
    matches!(answer.json["code"].as_str(), Some("unauthenticated" | "forbidden"))
}

#[actix_web::test]
async fn everyone_may_do_what_the_policy_says_and_nothing_else() {
    let app = TestApp::new().await;
    let mut matrix = String::from("Who may do what; `tests/api/permissions.rs` asks for every cell.\n\n");
    let width = operations().iter().map(|operation| operation.id.len()).max().unwrap() + 2;
    let mut cells = 0;
    write!(matrix, "{:width$}{:18}anonymous", "operation", "permission").unwrap();
    for role in Role::ALL {
        write!(matrix, "  {role}").unwrap();
    }
    matrix.push('\n');
    for operation in operations() {
        let permission = operation.permission.as_deref().unwrap_or("-");
        write!(matrix, "{:width$}{permission:18}", operation.id).unwrap();
        for role in everyone() {
            let answer = call(&caller(&app, role).await, operation, "{}").await;
            let who = role.map_or("anonymous", Role::as_str);
            let allowed = !is_denied(&answer);
            assert_eq!(allowed, may(operation, role), "{} {who}: {}\n{:#}", operation.id, answer.status, answer.json);
            if !allowed {
                let expected = if role.is_none() { 401 } else { 403 };
                assert_eq!(answer.status, expected, "{} {who}", operation.id);
            }
            let pad = if role.is_none() { 0 } else { 2 };
            write!(matrix, "{:pad$}{:<2$}", "", if allowed { "✓" } else { "–" }, who.len()).unwrap();
            cells += 1;
        }
        matrix.truncate(matrix.trim_end().len());
        matrix.push('\n');
    }
    assert_eq!(cells, operations().len() * 6, "every cell was seen");
    assert_snapshot("tests/api/permissions.txt", &matrix);
}

#[actix_web::test]
async fn a_stranger_learns_nothing_of_a_body_from_its_refusal() {
    let app = TestApp::new().await;
    let mut asked = 0;
    for operation in operations().iter().filter(|operation| operation.permission.is_some() && operation.has_body()) {
        for role in everyone().into_iter().filter(|role| !may(operation, *role)) {
            let answer = call(&caller(&app, role).await, operation, "{\"a\": [}").await;
            let expected = if role.is_none() { 401 } else { 403 };
            assert_eq!(answer.status, expected, "{} {role:?}\n{:#}", operation.id, answer.json);
            asked += 1;
        }
    }
    assert!(asked > 0, "there are guarded operations with bodies");
}

#[test]
fn the_matrix_has_both_kinds_of_cells_for_every_permission() {
    let guarded: Vec<_> = operations().iter().filter(|operation| operation.permission.is_some()).collect();
    assert!(!guarded.is_empty());
    for operation in guarded {
        assert!(!may(operation, None), "{} is open to nobody in particular", operation.id);
        assert!(may(operation, Some(Role::Admin)), "{} is closed to administrators", operation.id);
    }
}
