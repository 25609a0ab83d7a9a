//! What readers say of it, and what becomes of that.

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
    word_counter (id) {
        id -> BigInt,
        version -> BigInt,
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
    erasures (commenter_id) {
        commenter_id -> Binary,
        requested_at -> BigInt,
    }
}
