//! What has happened, what was answered, and what is kept secret.

diesel::table! {
    event_counter (id) {
        id -> BigInt,
        seq -> BigInt,
        public_seq -> BigInt,
        furniture -> Nullable<Binary>,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        topic -> Text,
        visibility -> Text,
        target_kind -> Text,
        target_id -> Nullable<Binary>,
        payload -> Text,
        at -> BigInt,
        public_seq -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_readers (name) {
        name -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Binary,
        at -> BigInt,
        actor_id -> Nullable<Binary>,
        actor_role -> Text,
        action -> Text,
        target_kind -> Text,
        target_id -> Nullable<Binary>,
        request_id -> Text,
        payload -> Text,
        method -> Nullable<Text>,
        route -> Nullable<Text>,
        outcome -> Text,
        status -> Nullable<BigInt>,
        code -> Nullable<Text>,
        hash_before -> Nullable<Binary>,
        hash_after -> Nullable<Binary>,
        key_id -> Nullable<Binary>,
    }
}

diesel::table! {
    replies (scope, idempotency_key) {
        scope -> Text,
        idempotency_key -> Text,
        fingerprint -> Binary,
        created_at -> BigInt,
        target_id -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    secrets (name) {
        name -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}
