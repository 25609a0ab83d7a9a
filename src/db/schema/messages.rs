//! What goes out: alerts, pushes, webhooks, letters.

diesel::table! {
    alerts (id) {
        id -> Binary,
        state -> Text,
        language -> Text,
        headline_key -> Text,
        topic_keys -> Text,
        rank -> BigInt,
        starts_at -> Nullable<BigInt>,
        expires -> Nullable<BigInt>,
        last_change -> BigInt,
        issued_at -> Nullable<BigInt>,
        supersedes -> Nullable<Binary>,
        article_id -> Nullable<Binary>,
        created_by -> Binary,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        content -> Text,
        region_keys -> Text,
        peak_urgency -> BigInt,
        next_at -> Nullable<BigInt>,
        story_id -> Nullable<Binary>,
    }
}

diesel::table! {
    alert_links (alert_id, target_id) {
        alert_id -> Binary,
        target_id -> Binary,
    }
}

diesel::table! {
    push_subscriptions (id) {
        id -> Binary,
        endpoint -> Text,
        fingerprint -> Binary,
        p256dh -> Binary,
        auth -> Binary,
        language -> Nullable<Text>,
        max_urgency -> BigInt,
        topic_keys -> Text,
        region_keys -> Text,
        section_ids -> Text,
        failing_since -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    push_rounds (seq) {
        seq -> BigInt,
        alert_id -> Binary,
        state -> Text,
        urgency -> BigInt,
        notice -> Text,
        requested_at -> BigInt,
        until -> BigInt,
        after_id -> Nullable<Binary>,
        lease -> Nullable<Binary>,
        leased_until -> BigInt,
        sent -> BigInt,
        failed -> BigInt,
        gone -> BigInt,
    }
}

diesel::table! {
    push_retries (subscription_id, seq) {
        subscription_id -> Binary,
        seq -> BigInt,
        attempts -> BigInt,
        next_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Binary,
        url -> Text,
        description -> Nullable<Text>,
        topics -> Nullable<Text>,
        is_ordered -> Bool,
        state -> Text,
        disabled_reason -> Nullable<Text>,
        secret -> Binary,
        old_secret -> Nullable<Binary>,
        old_secret_until -> Nullable<BigInt>,
        failing_since -> Nullable<BigInt>,
        throttled_until -> Nullable<BigInt>,
        from_seq -> BigInt,
        created_by -> Binary,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Binary,
        webhook_id -> Binary,
        message_id -> Text,
        seq -> Nullable<BigInt>,
        topic -> Text,
        body -> Text,
        state -> Text,
        tries -> BigInt,
        attempt_count -> BigInt,
        due_at -> Nullable<BigInt>,
        leased_until -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    webhook_attempts (delivery_id, number) {
        delivery_id -> Binary,
        number -> BigInt,
        at -> BigInt,
        outcome -> Text,
        status -> Nullable<BigInt>,
        duration_ms -> Nullable<BigInt>,
        answer -> Text,
    }
}

diesel::table! {
    letters (id) {
        id -> Binary,
        sealed -> Binary,
        attempts -> BigInt,
        due_at -> BigInt,
        created_at -> BigInt,
    }
}
