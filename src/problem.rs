//! What went wrong, as `application/problem+json` (RFC 9457): one table of codes, statuses and titles.
//!
//! Rooms return a [`Problem`]; the outermost layer in `http::layer` writes it in the caller's language. A
//! 5xx never tells its cause to anyone but the log.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value};

use crate::db;
use crate::fault::{Fault, Faults, FieldError};
use crate::limits::Standing;
use crate::text::Lang;

/// Defines [`Code`] and its table in one go, so that neither can miss a line.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $word:literal $status:ident $en:literal $ar:literal $help:literal;)+) => {
        /// The stable name of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in `code` and at the end of `type`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// What happened, in a few words.
            pub const fn title(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$name, Lang::En) => $en, (Self::$name, Lang::Ar) => $ar),+ }
            }

            /// What to do about it, for `/problems/{code}`.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$name => $help),+ }
            }
        }
    };
}

codes! {
    /// The request can't be read.
    Malformed "malformed" BAD_REQUEST "The request can't be read" "تعذرت قراءة الطلب"
        "Check the JSON syntax, the path and the encoding.";
    /// A query parameter is unknown, repeated or has no meaning.
    BadParameter "bad_parameter" BAD_REQUEST "A query parameter is wrong" "أحد معاملات الاستعلام غير صحيح"
        "`errors` names each parameter. Unknown parameters are refused, so that a typing mistake never widens a query.";
    /// The cursor belongs to another query.
    BadCursor "bad_cursor" BAD_REQUEST "The cursor does not belong to this query" "المؤشر لا يخص هذا الاستعلام"
        "Take `page.next` or `page.prev` from an answer to the same query; filters and order must not change between pages.";
    /// Nobody is signed in, or the token is no good.
    Unauthenticated "unauthenticated" UNAUTHORIZED "Sign in first" "سجّل الدخول أولًا"
        "Send `Authorization: Bearer …` with an access token from `POST /api/v1/auth/login` that has not expired or been revoked.";
    /// E-mail and password do not match an account.
    BadCredentials "bad_credentials" UNAUTHORIZED "E-mail or password is wrong" "البريد الإلكتروني أو كلمة المرور غير صحيحة"
        "Check both. For safety the answer does not tell which of them is wrong.";
    /// The password was right, and the account has a second factor.
    CodeRequired "code_required" UNAUTHORIZED "A code is needed as well" "يلزم رمز التحقق أيضًا"
        "Send the same once more with `code`: the six digits that your authenticator shows, or a recovery code.";
    /// The password was right, and the code was not.
    BadCode "bad_code" UNAUTHORIZED "The code is wrong" "رمز التحقق غير صحيح"
        "Six digits are good for a minute or so and work once: wait for the next ones. A recovery code works once, too, and is all that is \
        taken after a hundred wrong codes in a row.";
    /// A sign-in at a provider was not finished as it began.
    SignInFailed "sign_in_failed" UNAUTHORIZED "The sign-in was not completed" "لم يكتمل تسجيل الدخول"
        "Begin again with `POST /api/v1/auth/oidc/start`, on the device and in the session that finish it. For safety the answer does not tell what was wrong; the log says why an ID token was refused.";
    /// A moderator has acted on whoever comments.
    Sanctioned "sanctioned" FORBIDDEN "You may not comment" "لا يمكنك التعليق"
        "`kind` is what moderators have done, `reason` why, and `until` when it ends, if it does. `GET /api/v1/me/sanctions` lists all that holds.";
    /// The role does not carry the permission.
    Forbidden "forbidden" FORBIDDEN "Your role may not do this" "دورك لا يسمح بهذا الإجراء"
        "`permission` names what is missing; an administrator can change your role.";
    /// The caller has to prove once more who they are.
    StepUpRequired "step_up_required" FORBIDDEN "Prove once more that it is you" "أثبت هويتك مرة أخرى للمتابعة"
        "Send your password to `POST /api/v1/auth/step-up`, or sign in at the provider once more (`POST /api/v1/auth/oidc/start` with `purpose` `step_up`), then ask again with the same token. `permission` names what is grave.";
    /// The password is shorter than the role asks for, which its holder has got since it was chosen.
    PasswordTooShort "password_too_short" FORBIDDEN "Your role needs a longer password" "دورك يتطلب كلمة مرور أطول"
        "Staff needs 15 characters. Ask for another password with `POST /api/v1/auth/password/forgot`, or have an administrator give you one.";
    /// The role must have a second factor, and the session was opened without.
    SecondFactorRequired "second_factor_required" FORBIDDEN "Your role needs a second factor" "دورك يتطلب عاملًا ثانيًا للتحقق"
        "Set one up with `POST /api/v1/me/second-factor`, or sign in with its `code`. `permission`, where there is one, names what waits for it.";
    /// The provider gives somebody no role here.
    NoRole "no_role" FORBIDDEN "The provider gives you no role here" "لا يمنحك مزود الدخول دورًا هنا"
        "Whoever manages the provider puts you in a group that `oidc.roles` names; until then you may no more than a reader.";
    /// The provider does not vouch for an address.
    EmailUnverified "email_unverified" FORBIDDEN "The provider does not vouch for your e-mail address" "لا يؤكد مزود الدخول عنوان بريدك الإلكتروني"
        "Have your address confirmed at the provider, or have an administrator make the account and link it.";
    /// Nothing is here, or nothing that the caller may know of.
    NotFound "not_found" NOT_FOUND "Nothing is here" "لا يوجد شيء هنا"
        "Check the id or slug. What is not published answers the same as what never was.";
    /// The path exists, but not with this method.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This method is not allowed here" "هذه الطريقة غير مسموح بها هنا"
        "The `Allow` header lists the methods.";
    /// No representation that the caller accepts.
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "Not served in a form that you accept" "لا يتوفر هذا بأي من الصيغ التي تقبلها"
        "Accept `*/*`, or the media type that the document names for this operation: `application/json`, or `text/event-stream` for streams.";
    /// The state machine has no such step.
    IllegalTransition "illegal_transition" CONFLICT "Not possible in this state" "غير ممكن في هذه الحالة"
        "`state` is the present state and `allowed` lists the actions that it has.";
    /// It goes out only if two people stand by it.
    ApprovalRequired "approval_required" CONFLICT "A second editor has to approve this" "يجب أن يوافق محرر آخر على هذا"
        "Let another editor `approve` it, or do this for you. An alert can be issued with `override` too, which says why it can't wait and is logged.";
    /// Of several changes that were to be made together, some can't be.
    NotAllPossible "not_all_possible" CONFLICT "Not all of this is possible, so none was done" "لا يمكن تنفيذ كل المطلوب، فلم يُنفَّذ شيء"
        "`items` has the refused ones, each with its own problem. Mend or leave them out, or do without `allOrNothing`.";
    /// Somebody else is writing at it.
    Locked "locked" CONFLICT "Somebody else is writing at this" "يعمل شخص آخر على هذا الآن"
        "`owner` is who, and until when. Wait or ask; an editor can take the lock over with `takeOver`.";
    /// The caller's lock has ended.
    NotLocked "not_locked" CONFLICT "Your lock has ended" "انتهى قفلك على هذا"
        "Take it again with POST, and look whether somebody has changed the article meanwhile.";
    /// Something like it exists.
    Duplicate "duplicate" CONFLICT "This exists already" "هذا موجود من قبل"
        "`existing` is the id of the first one, where there is one.";
    /// Another took its place.
    Merged "merged" CONFLICT "This was merged into another" "دُمج هذا العنصر في غيره"
        "`into` is the id of the one that took its place: use that.";
    /// An account has the address of somebody who signs in at a provider for the first time.
    AccountExists "account_exists" CONFLICT "There is an account with your address already" "يوجد حساب بعنوانك بالفعل"
        "Sign in with its password, then link the provider: `POST /api/v1/auth/oidc/start` with `purpose` `link`. An address alone never opens an account; if it is not yours, tell an administrator.";
    /// Without it nobody could sign in to the account.
    OnlyWayIn "only_way_in" CONFLICT "This is the only way into your account" "هذه هي الطريقة الوحيدة للدخول إلى حسابك"
        "Ask an administrator for a password first: the account has none.";
    /// No provider signs anybody in here.
    NoProvider "no_provider" CONFLICT "No provider signs anybody in here" "لا يوجد مزود دخول لهذا الموقع"
        "The operator sets one up in `[oidc]`. Sign in with a password.";
    /// Other things refer to it.
    InUse "in_use" CONFLICT "This is in use" "هذا العنصر مستخدم"
        "Deactivate it instead (`isActive: false`), or remove the references first.";
    /// The change would leave nobody in charge.
    LastAdmin "last_admin" CONFLICT "The last administrator must stay" "يجب أن يبقى مدير واحد على الأقل"
        "Make somebody else an administrator first.";
    /// Whoever moderates comments is not sanctioned.
    Exempt "exempt" CONFLICT "Whoever moderates can't be sanctioned" "لا تُفرض عقوبات على من يدير التعليقات"
        "An administrator can change the role of the account first.";
    /// There are as many as there may be.
    LimitReached "limit_reached" CONFLICT "No more of these can be made" "لا يمكن إضافة المزيد من هذا النوع"
        "`limit` is how many there may be. Remove one that is no longer needed.";
    /// It takes a letter, and no mail is set up.
    NoMail "no_mail" CONFLICT "No mail is set up here" "لم يُضبط إرسال البريد هنا"
        "The operator sets `mail.url`. Until then readers register without a code, and an administrator gives people a new password, and hands over the codes of invitations.";
    /// The account has duties, so its owner can't erase it.
    StaffAccount "staff_account" CONFLICT "An account that works here is not erased by its owner" "لا يحذف حساب من يعمل هنا صاحبُه"
        "An administrator makes the account a reader's first; then its owner can erase it.";
    /// The comments of the article are closed.
    CommentsClosed "comments_closed" CONFLICT "Comments are closed" "التعليقات مغلقة"
        "This article takes no more comments.";
    /// The time in which the writer could change it is over.
    EditEnded "edit_ended" CONFLICT "The time to change this is over" "انتهت مهلة التعديل"
        "`until` is when it ended. A comment can still be deleted by its writer, and another one can be written.";
    /// It was public and was taken back for good.
    Killed "killed" GONE "This was withdrawn for good" "سُحب هذا نهائيًا"
        "`notice` says why. Remove your copies: it does not come back.";
    /// The resource has changed since the caller read it.
    Stale "stale" PRECONDITION_FAILED "It has changed since you read it" "تغيّر منذ أن قرأته"
        "Get it again (the `ETag` of this answer is the present one), merge your change, and send it with the new `If-Match`.";
    /// The body did not arrive in time.
    TooSlow "too_slow" REQUEST_TIMEOUT "The body did not arrive in time" "لم يصل الطلب في الوقت المحدد"
        "Send the request again; a body has half a minute.";
    /// The body is too large.
    TooLarge "too_large" PAYLOAD_TOO_LARGE "The body is too large" "حجم الطلب أكبر من المسموح"
        "`limitBytes`, or `limitValues` for JSON values, is the most that is taken.";
    /// The body is in a form that is not taken.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "This content type is not taken" "نوع المحتوى غير مقبول"
        "Send `Content-Type: application/json` (for PATCH also `application/merge-patch+json`), without a content coding.";
    /// Fields are wrong.
    Invalid "invalid" UNPROCESSABLE_ENTITY "Some fields are not valid" "بعض الحقول غير صحيحة"
        "`errors` names every bad field by JSON Pointer with a code and a sentence.";
    /// The article lacks what a published one needs.
    NotPublishable "not_publishable" UNPROCESSABLE_ENTITY "Not ready to be published" "غير جاهز للنشر"
        "`errors` names what is missing: a published article has a headline, a body, a source, a section and a language, \
        and nothing that the site's `lint` refuses.";
    /// Nobody reports what they wrote themselves.
    OwnComment "own_comment" UNPROCESSABLE_ENTITY "This comment is your own" "هذا التعليق تعليقك"
        "Reports are for what others write.";
    /// The idempotency key was used with another body.
    KeyReused "key_reused" UNPROCESSABLE_ENTITY "This Idempotency-Key was used for another request" "استُخدم مفتاح Idempotency-Key لطلب آخر"
        "Take a fresh key for each new request; repeat a request with the same body.";
    /// The change must say which version it is based on.
    PreconditionRequired "precondition_required" PRECONDITION_REQUIRED "If-Match is missing" "الترويسة If-Match مفقودة"
        "Send `If-Match` with the `ETag` of the version that you changed, so that nobody's edit is lost.";
    /// The caller asks too often.
    TooMany "too_many" TOO_MANY_REQUESTS "Too many requests" "طلبات كثيرة جدًا"
        "Wait for the seconds in `Retry-After`.";
    /// Something broke on our side.
    Internal "internal" INTERNAL_SERVER_ERROR "Something broke on our side" "حدث خطأ من جانبنا"
        "Tell the operator the `requestId`; the log has the cause.";
    /// The provider is away, or makes no sense.
    ProviderFailed "provider_failed" BAD_GATEWAY "The sign-in provider does not answer as it should" "مزود الدخول لا يجيب كما يجب"
        "Try again in a moment. If it stays so, tell the operator the `requestId`; the log has the cause.";
    /// The database or a queue can't take the request now.
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Not available for a moment" "غير متاح مؤقتًا"
        "Wait for the seconds in `Retry-After` and repeat the request, with the same `Idempotency-Key`.";
}

/// How many bad fields one answer names; who sends more has something else wrong.
pub const ERRORS_MAX: usize = 100;

/// One refusal, on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    /// Which one.
    pub code: Code,
    /// Every bad field.
    pub errors: Vec<FieldError>,
    /// Further members, such as `state` and `allowed`.
    pub members: Map<String, Value>,
    /// The present `ETag`, for a stale change.
    pub etag: Option<String>,
    /// The methods that the path has, for a wrong one.
    pub allow: Option<String>,
    /// What is left of the caller's shares, for one who asks too often.
    pub standing: Option<Box<Standing>>,
    /// What broke, for the log only.
    pub cause: Option<String>,
}

impl Problem {
    /// A bare problem.
    pub fn new(code: Code) -> Self {
        Self { code, errors: Vec::new(), members: Map::new(), etag: None, allow: None, standing: None, cause: None }
    }

    /// Nothing is here, or nothing that the caller may know of.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// One bad field.
    pub fn field(pointer: impl Into<String>, fault: Fault) -> Self {
        Self { errors: vec![FieldError { pointer: pointer.into(), fault }], ..Self::new(Code::Invalid) }
    }

    /// One bad query parameter.
    pub fn parameter(name: &str, fault: Fault) -> Self {
        Self { code: Code::BadParameter, ..Self::field(name, fault) }
    }

    /// Whether it refuses a password or a code as wrong: what somebody may not try often.
    pub fn is_wrong_guess(&self) -> bool {
        let is_guess = |error: &FieldError| matches!(error.fault, Fault::WrongPassword | Fault::WrongCode);
        matches!(self.code, Code::BadCredentials | Code::BadCode | Code::SignInFailed)
            || self.errors.iter().any(is_guess)
    }

    /// Adds a member to the answer.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// An internal failure; the cause goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Code::Internal) }
    }

    /// The body of the answer.
    pub fn body(&self, lang: Lang, instance: &str, request_id: &str) -> Value {
        let mut body = self.members.clone();
        body.insert("type".into(), format!("/problems/{}", self.code.word()).into());
        body.insert("title".into(), self.code.title(lang).into());
        body.insert("status".into(), self.code.status().as_u16().into());
        body.insert("code".into(), self.code.word().into());
        body.insert("instance".into(), instance.into());
        body.insert("requestId".into(), request_id.into());
        let named = || self.errors.iter().take(ERRORS_MAX);
        if let Some(first) = self.errors.first() {
            body.insert("detail".into(), first.fault.detail(lang).into());
            body.insert("errors".into(), named().map(|error| field(error, lang)).collect());
        }
        Value::Object(body)
    }
}

fn field(error: &FieldError, lang: Lang) -> Value {
    serde_json::json!({
        "pointer": error.pointer,
        "code": error.fault.code(),
        "detail": error.fault.detail(lang),
    })
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.word())?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only the status: the outermost layer fills in the body, which needs the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.code.status())
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self { errors: faults.0, ..Self::new(Code::Invalid) }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        let code = if error.is_transient() { Code::Unavailable } else { Code::Internal };
        Self { cause: Some(error.to_string()), ..Self::new(code) }
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::NotFound => Self::not_found(),
            error => db::Error::from(error).into(),
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
