//! What leaves the house, held against other people's readings of the standards: the Python packages
//! `standardwebhooks`, `http_ece`, `PyJWT` and `cryptography`, where they are installed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use khabar::ids::{Ids, SystemEntropy};
use khabar::push::encryption::{PAYLOAD_BYTES_MAX, encrypt, parse_auth, parse_p256dh};
use khabar::push::vapid::VapidKey;
use khabar::time::{Clock as _, SystemClock};
use khabar::webhooks::signature::{Secret, sign};
use serde_json::{Value, json};

use crate::support::python::{VERIFY_WEBHOOKS, ask, python};

#[test]
fn webhooks_are_verified_by_the_library_of_the_specification() {
    let Some(python) = python() else { return };
    let ids = Ids::new(SystemEntropy);
    let (old, new, foreign) = (Secret::fresh(&ids), Secret::fresh(&ids), Secret::fresh(&ids));
    let at = SystemClock.now();
    let body = r#"{"type":"alert.issued","data":{"headline":"زلزال في إزمير"}}"#;
    let request = |secret: &Secret, signature: &str, body: &str, seconds: i64| {
        let headers = json!({
            "webhook-id": "msg_1", "webhook-timestamp": seconds.to_string(), "webhook-signature": signature,
        });
        json!({ "secret": secret.reveal(), "headers": headers, "body": body })
    };
    let alone = sign(std::slice::from_ref(&old), "msg_1", at, body.as_bytes());
    let rotating = sign(&[new.clone(), old.clone()], "msg_1", at, body.as_bytes());
    let cases = [
        (request(&old, &alone, body, at.seconds()), true),
        (request(&new, &alone, body, at.seconds()), false),
        (request(&old, &rotating, body, at.seconds()), true),
        (request(&new, &rotating, body, at.seconds()), true),
        (request(&foreign, &rotating, body, at.seconds()), false),
        (request(&old, &alone, &body.replace("issued", "ended"), at.seconds()), false),
        (request(&old, &alone, body, at.seconds() - 1), false),
        (request(&old, &sign(std::slice::from_ref(&old), "msg_2", at, body.as_bytes()), body, at.seconds()), false),
    ];
    let (requests, wanted): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    assert_eq!(ask(&python, VERIFY_WEBHOOKS, &json!(requests)), json!(wanted));
}

/// Each message as a browser with this key reads it.
const DECRYPT_PUSHES: &str = r#"
import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.derive_private_key(int(given["private"], 16), ec.SECP256R1())
auth = bytes.fromhex(given["auth"])
def read(body):
    clear = http_ece.decrypt(base64.b64decode(body), private_key=key, auth_secret=auth, version="aes128gcm")
    return base64.b64encode(clear).decode()
print(json.dumps([read(body) for body in given["bodies"]]))
"#;

/// The subscription that such a browser makes.
const SUBSCRIBE: &str = r#"
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import os
key = ec.generate_private_key(ec.SECP256R1())
public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
url_safe = lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
auth = os.urandom(16)
print(json.dumps({
    "private": "%x" % key.private_numbers().private_value, "p256dh": url_safe(public),
    "auth": url_safe(auth), "authHex": auth.hex(),
}))
"#;

#[test]
fn pushes_are_decrypted_by_another_implementation() {
    let Some(python) = python() else { return };
    let browser = ask(&python, SUBSCRIBE, &Value::Null);
    let p256dh = parse_p256dh(browser["p256dh"].as_str().unwrap()).unwrap();
    let auth = parse_auth(browser["auth"].as_str().unwrap()).unwrap();
    let longest = vec![b'a'; PAYLOAD_BYTES_MAX];
    let messages: [&[u8]; 4] = [b"", b"{}", "زلزال بقوة 7٫0 في إزمير".as_bytes(), &longest];
    let bodies = messages.map(|message| STANDARD.encode(encrypt(&p256dh, &auth, message).unwrap()));
    let given = json!({ "private": browser["private"], "auth": browser["authHex"], "bodies": bodies });
    assert_eq!(ask(&python, DECRYPT_PUSHES, &given), json!(messages.map(|message| STANDARD.encode(message))));
}

/// What a push service reads in a header, if the token is for it, in time, and signed by the key that is named.
const VERIFY_VAPID: &str = r#"
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
def read(one):
    scheme, fields = one["header"].split(" ", 1)
    fields = dict(field.strip().split("=", 1) for field in fields.split(","))
    point = base64.urlsafe_b64decode(one["key"] + "==")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    try:
        claims = jwt.decode(fields["t"], key, algorithms=["ES256"], audience=one["service"])
    except jwt.InvalidTokenError as error:
        return type(error).__name__
    return [scheme, fields["k"], claims["sub"], jwt.get_unverified_header(fields["t"])["typ"]]
print(json.dumps([read(one) for one in given]))
"#;

#[test]
fn vapid_tokens_are_verified_by_another_implementation() {
    let Some(python) = python() else { return };
    let (ours, foreign) = (VapidKey::fresh().unwrap(), VapidKey::fresh().unwrap());
    assert_eq!(URL_SAFE_NO_PAD.decode(ours.public_key()).unwrap().len(), 65);
    let subject = "mailto:desk@khabar.example";
    let header = ours.authorization("https://push.example.net/send/1", subject, SystemClock.now()).unwrap();
    let case = |service: &str, key: &VapidKey| json!({ "header": header, "service": service, "key": key.public_key() });
    let read = ask(
        &python,
        VERIFY_VAPID,
        &json!([
            case("https://push.example.net", &ours),
            case("https://push.example.org", &ours),
            case("https://push.example.net", &foreign),
        ]),
    );
    let taken = json!(["vapid", ours.public_key(), subject, "JWT"]);
    assert_eq!(read, json!([taken, "InvalidAudienceError", "InvalidSignatureError"]));
}
