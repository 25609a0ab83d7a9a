//! What is written and published.

diesel::table! {
    site (id) {
        id -> BigInt,
        content -> Text,
        version -> BigInt,
        updated_at -> BigInt,
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
        key_id -> Nullable<Binary>,
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
    publication_shingles (hash, publication_id) {
        publication_id -> Binary,
        hash -> BigInt,
    }
}

diesel::table! {
    publication_prints (publication_id) {
        publication_id -> Binary,
        hashes -> Binary,
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
    readership (article_id) {
        article_id -> Binary,
        views -> BigInt,
        score -> BigInt,
        read_at -> BigInt,
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
