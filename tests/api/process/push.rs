//! A breaking alert on its way to a browser that is closed, from the editor's request to the push service.

use serde_json::json;

use crate::articles::with;
use crate::support::process::{Home, until};
use crate::support::push_service::PushService;

#[test]
fn an_alert_that_is_issued_reaches_a_browser_by_itself() {
    let home =
        Home::new().set("KHABAR_OUTBOUND__INNER", "[\"127.0.0.1\"]").set("KHABAR_PUSH__SERVICES", "[\"127.0.0.1\"]");
    let service = PushService::start();
    let browser = service.browser("one");
    let server = home.serve();
    let choice = json!({ "language": "ar", "topics": ["ارمينيا"] });
    server.ask().post("/api/v1/push/subscriptions", &[], &with(browser.json(), choice)).expect(200);
    let editor = server.sign_in(&home.account("editor"));
    let form = json!({ "headline": "قمة في موسكو", "language": "ar", "topics": ["أرمينيا"] });
    let made = editor.post("/api/v1/newsroom/alerts", &[], &form).expect(201);
    let issue = format!("/api/v1/newsroom/alerts/{}/issue", made.json["id"].as_str().unwrap());
    editor.post(&issue, &[("if-match", "\"1\"")], &json!({})).expect(200);
    until("the push service has the message", || (service.count() > 0).then_some(()));
    let handed = service.handed();
    let read = browser.read(&handed[0]);
    assert_eq!((&read["title"], &read["tag"]), (&json!("قمة في موسكو"), &made.json["id"]));
    assert!(!server.err().contains(&browser.endpoint), "nobody reads in the log where a browser is reached");
}
