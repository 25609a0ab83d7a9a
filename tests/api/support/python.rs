//! Other people's readings of the standards: the Python packages `standardwebhooks`, `http_ece`, `PyJWT` and
//! `cryptography`, where they are installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::postgres::say;

/// A Python with the packages, or `None` after having said that there is none.
pub fn python() -> Option<String> {
    let program = std::env::var("TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let imports = "import standardwebhooks, http_ece, jwt, cryptography";
    let tried = Command::new(&program).args(["-c", imports]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    let required = std::env::var("TEST_REQUIRE_PYTHON").is_ok_and(|value| value == "1");
    assert!(!required, "TEST_REQUIRE_PYTHON=1, but {program} lacks standardwebhooks, http_ece, PyJWT or cryptography");
    say(&format!("SKIPPED: {program} lacks standardwebhooks, http_ece, PyJWT or cryptography"));
    None
}

/// What a script makes of a value: it finds it as `given` and prints its answer as JSON.
pub fn ask(python: &str, script: &str, given: &Value) -> Value {
    let script = format!("import base64, json, sys\ngiven = json.load(sys.stdin)\n{script}");
    let mut process = Command::new(python)
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// For each request, whether a receiver that knows its secret takes it.
pub const VERIFY_WEBHOOKS: &str = r#"
from standardwebhooks import Webhook, WebhookVerificationError
def taken(one):
    try:
        Webhook(one["secret"]).verify(one["body"], one["headers"], json_parse=False)
        return True
    except WebhookVerificationError:
        return False
print(json.dumps([taken(one) for one in given]))
"#;
