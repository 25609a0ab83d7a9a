//! The tables, as both migration trees make them.
#![allow(missing_docs, reason = "generated items of `table!`; the migrations say what each column is")]

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
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    site (id) {
        id -> BigInt,
        content -> Text,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    readership (article_id) {
        article_id -> Binary,
        views -> BigInt,
        score -> BigInt,
        read_at -> BigInt,
    }
}

diesel::table! {
    records (id) {
        id -> Binary,
        kind -> Text,
        slug -> Text,
        slug_key -> Text,
        sort_key -> Text,
        parent_id -> Nullable<Binary>,
        is_active -> Bool,
        content -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        merged_into -> Nullable<Binary>,
        user_id -> Nullable<Binary>,
    }
}

diesel::table! {
    record_redirects (kind, slug_key) {
        kind -> Text,
        slug_key -> Text,
        record_id -> Binary,
    }
}

diesel::table! {
    record_names (kind, name_key, record_id) {
        kind -> Text,
        name_key -> Text,
        record_id -> Binary,
        slug_key -> Nullable<Text>,
    }
}

diesel::table! {
    articles (id) {
        id -> Binary,
        language -> Text,
        slug -> Text,
        slug_key -> Text,
        state -> Text,
        spiked_from -> Nullable<Text>,
        version -> BigInt,
        live_version -> Nullable<BigInt>,
        section_id -> Nullable<Binary>,
        created_by -> Binary,
        updated_by -> Binary,
        date_published -> Nullable<BigInt>,
        date_modified -> Nullable<BigInt>,
        comment_count -> BigInt,
        word_count -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        content -> Text,
        body -> Text,
        due_version -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        due_ends_at -> Nullable<BigInt>,
        publish_at -> Nullable<BigInt>,
        time_zone -> Nullable<Text>,
        ends_at -> Nullable<BigInt>,
        notice -> Nullable<Text>,
        story_id -> Nullable<Binary>,
        rewrite_of -> Nullable<Binary>,
        translation_of -> Nullable<Binary>,
        assigned_to -> Nullable<Binary>,
    }
}

diesel::table! {
    article_discussions (article_id) {
        article_id -> Binary,
        mode -> Nullable<Text>,
        closes_at -> Nullable<BigInt>,
        ruled_by -> Binary,
        ruled_at -> BigInt,
    }
}

diesel::table! {
    article_turns (id) {
        id -> Binary,
        article_id -> Binary,
        version -> BigInt,
        action -> Text,
        due_at -> BigInt,
        publish_at -> Nullable<BigInt>,
        time_zone -> Nullable<Text>,
        outcome -> Text,
        planned_by -> Binary,
        planned_at -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    corrections (id) {
        id -> Binary,
        article_id -> Binary,
        version -> BigInt,
        kind -> Text,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    article_links (article_id, kind, target_id) {
        article_id -> Binary,
        kind -> Text,
        target_id -> Binary,
    }
}

diesel::table! {
    revisions (article_id, version) {
        article_id -> Binary,
        version -> BigInt,
        parent_version -> Nullable<BigInt>,
        action -> Text,
        state -> Text,
        note -> Nullable<Text>,
        author_id -> Binary,
        created_at -> BigInt,
        prev_hash -> Binary,
        hash -> Binary,
        content -> Text,
        body -> Text,
    }
}

diesel::table! {
    publications (id) {
        id -> Binary,
        article_id -> Binary,
        version -> BigInt,
        visible_from -> BigInt,
        visible_until -> Nullable<BigInt>,
        language -> Text,
        slug -> Text,
        slug_key -> Text,
        date_published -> BigInt,
        date_modified -> BigInt,
        word_count -> BigInt,
        content -> Text,
        body -> Text,
        story_id -> Nullable<Binary>,
        rewrite_of -> Nullable<Binary>,
        translation_of -> Nullable<Binary>,
        headline_hash -> Nullable<BigInt>,
    }
}

diesel::table! {
    publication_shingles (publication_id, hash) {
        publication_id -> Binary,
        hash -> BigInt,
    }
}

diesel::table! {
    publication_links (publication_id, kind, target_id) {
        publication_id -> Binary,
        kind -> Text,
        target_id -> Binary,
        date_published -> BigInt,
        article_id -> Binary,
    }
}

diesel::table! {
    search_entries (publication_id) {
        publication_id -> Binary,
        place -> BigInt,
        headline_hash -> BigInt,
        visible_from -> BigInt,
        visible_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    search_backlog (publication_id) {
        publication_id -> Binary,
        date_published -> BigInt,
    }
}

diesel::table! {
    commenters (id) {
        id -> Binary,
        user_id -> Nullable<Binary>,
        name -> Nullable<Text>,
        email -> Nullable<Binary>,
        badge -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    comments (id) {
        id -> Binary,
        article_id -> Binary,
        parent_id -> Nullable<Binary>,
        depth -> BigInt,
        author_id -> Binary,
        status -> Text,
        text -> Text,
        reply_count -> BigInt,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        moderated_by -> Nullable<Binary>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        answers_id -> Nullable<Binary>,
        text_key -> Binary,
        origin -> Nullable<Binary>,
        listed_count -> BigInt,
        is_listed -> Bool,
        reaction_count -> BigInt,
        report_count -> BigInt,
        has_reports -> Bool,
        is_reviewed -> Bool,
        is_featured -> Bool,
        is_pinned -> Bool,
        appeal -> Nullable<Text>,
        edited_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    comment_decisions (id) {
        id -> Binary,
        comment_id -> Binary,
        actor_id -> Nullable<Binary>,
        rule -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        spans -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    comment_revisions (comment_id, version) {
        comment_id -> Binary,
        version -> BigInt,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    comment_reactions (comment_id, author_id, kind) {
        comment_id -> Binary,
        author_id -> Binary,
        kind -> Text,
        id -> Binary,
        article_id -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    comment_reaction_counts (comment_id, kind) {
        comment_id -> Binary,
        kind -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    comment_reports (id) {
        id -> Binary,
        comment_id -> Binary,
        author_id -> Binary,
        reason -> Text,
        note -> Nullable<Text>,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sanctions (id) {
        id -> Binary,
        commenter_id -> Binary,
        kind -> Text,
        reason -> Text,
        note -> Nullable<Text>,
        until -> Nullable<BigInt>,
        imposed_by -> Binary,
        created_at -> BigInt,
        lifted_at -> Nullable<BigInt>,
        lifted_by -> Nullable<Binary>,
        lift_note -> Nullable<Text>,
    }
}

diesel::table! {
    word_entries (id) {
        id -> Binary,
        list -> Text,
        language -> Text,
        text -> Text,
        text_key -> Binary,
        reach -> Text,
        is_spaced -> Bool,
        created_by -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    comment_hooks (id) {
        id -> BigInt,
        url -> Text,
        secret -> Binary,
        timeout_ms -> BigInt,
        updated_by -> Binary,
        updated_at -> BigInt,
    }
}

diesel::table! {
    word_counter (id) {
        id -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    erasures (commenter_id) {
        commenter_id -> Binary,
        requested_at -> BigInt,
    }
}

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
    event_counter (id) {
        id -> BigInt,
        seq -> BigInt,
        public_seq -> BigInt,
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
    letters (id) {
        id -> Binary,
        sealed -> Binary,
        attempts -> BigInt,
        due_at -> BigInt,
        created_at -> BigInt,
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
    collections (id) {
        id -> Binary,
        slug -> Text,
        slug_key -> Text,
        sort_key -> Text,
        content -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    collection_redirects (slug_key) {
        slug_key -> Text,
        collection_id -> Binary,
    }
}

diesel::table! {
    collection_swaps (id) {
        id -> Binary,
        collection_id -> Binary,
        at -> BigInt,
        slots -> Text,
        created_by -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    article_locks (article_id) {
        article_id -> Binary,
        user_id -> Binary,
        taken_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    preview_links (id) {
        id -> Binary,
        article_id -> Binary,
        token_hash -> Binary,
        version -> Nullable<BigInt>,
        note -> Nullable<Text>,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        created_by -> Binary,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    collections,
    collection_redirects,
    collection_swaps,
    users,
    sessions,
    unsealed_addresses,
    sign_in_places,
    second_factors,
    recovery_codes,
    refresh_tokens,
    site,
    records,
    record_redirects,
    record_names,
    articles,
    article_links,
    article_discussions,
    article_turns,
    corrections,
    revisions,
    publications,
    publication_links,
    publication_shingles,
    search_entries,
    search_backlog,
    commenters,
    comments,
    comment_decisions,
    comment_revisions,
    sanctions,
    word_entries,
    word_counter,
    comment_hooks,
    comment_reactions,
    comment_reaction_counts,
    comment_reports,
    erasures,
    alerts,
    alert_links,
    event_counter,
    events,
    event_readers,
    audit_log,
    replies,
    secrets,
    push_subscriptions,
    push_rounds,
    push_retries,
    webhooks,
    api_keys,
    letters,
    account_codes,
    invitations,
    identities,
    oidc_attempts,
    webhook_deliveries,
    webhook_attempts,
    article_locks,
    preview_links
);
