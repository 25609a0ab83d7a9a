//! Accounts, and what opens them.

diesel::table! {
    users (id) {
        id -> Binary,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        is_active -> Bool,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        section_ids -> Text,
        may_kill -> Bool,
        email_mark -> Nullable<Binary>,
        email_sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    unsealed_addresses (user_id) {
        user_id -> Binary,
        email -> Text,
    }
}

diesel::table! {
    sign_in_places (mark) {
        mark -> Binary,
        user_id -> Binary,
        used_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        name -> Nullable<Text>,
        agent -> Nullable<Text>,
        used_at -> BigInt,
        proved_at -> BigInt,
        is_strong -> Bool,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Binary,
        secret -> Binary,
        confirmed_at -> Nullable<BigInt>,
        last_step -> BigInt,
        misses -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (hash) {
        hash -> Binary,
        user_id -> Binary,
    }
}

diesel::table! {
    account_codes (user_id, purpose) {
        user_id -> Binary,
        purpose -> Text,
        hash -> Binary,
        address -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    address_codes (mark) {
        mark -> Binary,
        hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    invitations (id) {
        id -> Binary,
        email -> Binary,
        name -> Text,
        role -> Text,
        section_ids -> Text,
        may_kill -> Bool,
        hash -> Nullable<Binary>,
        invited_by -> Binary,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        accepted_at -> Nullable<BigInt>,
        user_id -> Nullable<Binary>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    identities (id) {
        id -> Binary,
        issuer -> Text,
        subject -> Text,
        user_id -> Binary,
        linked_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    oidc_attempts (state) {
        state -> Text,
        purpose -> Text,
        session_id -> Nullable<Binary>,
        redirect_uri -> Text,
        started_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Binary,
        user_id -> Binary,
        name -> Text,
        prefix -> Text,
        hash -> Binary,
        old_hash -> Nullable<Binary>,
        old_hash_until -> Nullable<BigInt>,
        scopes -> Text,
        addresses -> Text,
        expires_at -> Nullable<BigInt>,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}
