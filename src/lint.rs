//! What an editor should look at before an article goes out: one table of codes, levels and sentences.
//!
//! The room of articles finds these things; the site says which of them matter to it; `fault` tells of those that it
//! refuses. Nothing here reads anything.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Lang;
use crate::text_enum;

text_enum! {
    /// What becomes of an article that has one of these things.
    #[schema(example = "warn")]
    pub enum LintLevel {
        /// Nothing: it is not even looked for.
        Off = "off",
        /// It shows among the warnings.
        Warn = "warn",
        /// It shows, and publishing is refused.
        Refuse = "refuse",
    }
}

/// Defines [`LintCode`] and [`LintRules`] in one go, so that no code lacks a level or a sentence.
macro_rules! lint {
    ($($(#[$doc:meta])* $name:ident $field:ident $word:tt $level:ident $default:tt $en:literal $ar:literal;)+) => {
        text_enum! {
            /// What there is to look at.
            #[schema(example = "alt_equals_headline")]
            pub enum LintCode { $($(#[$doc])* $name = $word),+ }
        }

        impl LintCode {
            /// What is the matter and what to do, in the reader's language.
            pub const fn detail(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$name, Lang::En) => $en, (Self::$name, Lang::Ar) => $ar),+ }
            }
        }

        /// What becomes of each thing that there is to look at, by its code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct LintRules { $($(#[$doc])* #[schema(default = $default)] pub $field: LintLevel),+ }

        impl Default for LintRules {
            fn default() -> Self {
                Self { $($field: LintLevel::$level),+ }
            }
        }

        impl LintRules {
            /// What becomes of an article that has this.
            pub const fn level(&self, code: LintCode) -> LintLevel {
                match code { $(LintCode::$name => self.$field),+ }
            }
        }
    };
}

lint! {
    /// A picture says nothing to those who can't see it.
    NoAltText no_alt_text "no_alt_text" Warn "warn"
        "Say what the picture shows, for those who can't see it."
        "صف ما تظهره الصورة لمن لا يراها.";
    /// The picture's description is the headline over again.
    AltEqualsHeadline alt_equals_headline "alt_equals_headline" Warn "warn"
        "The description repeats the headline: say what the picture shows."
        "وصف الصورة يكرر العنوان: صف ما تظهره الصورة.";
    /// The credit line leaves out one of the sources.
    SourceNotCredited source_not_credited "source_not_credited" Warn "warn"
        "Name every source in the credit line, or leave the line to be made."
        "اذكر كل المصادر في سطر الإسناد، أو اتركه فارغًا ليُكتب تلقائيًا.";
    /// The headline has more characters than the site's `headlineMax`.
    HeadlineTooLong headline_too_long "headline_too_long" Warn "warn"
        "Shorten the headline."
        "اختصر العنوان.";
    /// The shorter headline is the headline over again.
    HeadlineEqualsAlternative headline_equals_alternative "headline_equals_alternative" Warn "warn"
        "The shorter headline repeats the headline: shorten it, or leave it out."
        "العنوان القصير يكرر العنوان: اختصره أو احذفه.";
    /// Another article with this headline was published in this language within a day.
    RepeatedHeadline repeated_headline "repeated_headline" Warn "warn"
        "Another article with this headline was published within a day: choose another, or update that one."
        "نُشر مقال آخر بهذا العنوان خلال يوم: اختر عنوانًا آخر أو حدّث ذلك المقال.";
    /// It is filed nowhere. Publishing asks for a section whatever the site says.
    NoSection no_section "no_section" Warn "warn"
        "File it in a section."
        "اختر قسمًا للمقال.";
    /// It credits nobody. Publishing asks for a source whatever the site says.
    NoSource no_source "no_source" Warn "warn"
        "Name its source."
        "اذكر مصدر المقال.";
    /// It has no text. Publishing asks for a body whatever the site says.
    NoBody no_body "no_body" Warn "warn"
        "Write its text."
        "اكتب نص المقال.";
    /// It has no summary.
    NoAbstract no_abstract "no_abstract" Off "off"
        "Say in a few sentences what it says."
        "لخص المقال في جمل قليلة.";
    /// It has no tags.
    EmptyTags empty_tags "empty_tags" Warn "warn"
        "Tag it, so that it is found."
        "أضف وسومًا ليسهل العثور عليه.";
    /// Its date of publication lies in the future.
    FutureDateline future_dateline "future_dateline" Warn "warn"
        "The date of publication lies in the future: correct it."
        "تاريخ النشر في المستقبل: صححه.";
    /// More than twenty words of what is public change, and readers are not told.
    SilentChange silent_change "silent_change" Warn "warn"
        "Say in a note what has changed, or call it minor."
        "اذكر في ملاحظة ما تغيّر، أو علّم التغيير بأنه طفيف.";
    /// A text came with characters that hide or turn what stands beside them. Told once, or the change is refused.
    CleanedText cleaned_text "cleaned_text" Warn "warn"
        "Characters that hide or turn what stands beside them were taken out."
        "أُزيلت أحرف غير مرئية تخفي ما حولها أو تقلب اتجاهه.";
    /// A body in HTML or Markdown held text where no reader sees any: in a form, a drawing or a control, or behind a tag or comment that
    /// never ends. Told once, or the change is refused.
    DroppedText dropped_text "dropped_text" Warn "warn"
        "Text in a form, drawing or control, or behind a tag or comment that never ends, was left out: see whether it belongs to the article."
        "حُذف نص داخل نموذج أو رسم أو عنصر تحكم، أو بعد وسم أو تعليق غير مغلق: تحقق هل هو من المقال.";
    /// What was restored named something that is gone by now. Told once, or the restoration is refused.
    ReferenceDropped reference_dropped "reference_dropped" Warn "warn"
        "Something that it named is gone by now and was left out."
        "حُذف من المقال ما كان يشير إليه ولم يعد موجودًا.";
    /// A paragraph stands in a published article of sources that are not credited here.
    UnattributedText unattributed_text "unattributed_text" Warn "warn"
        "This text stands in an article of another source: credit that source, or write it anew."
        "هذا النص منشور في مقال من مصدر آخر: اذكر ذلك المصدر أو أعد كتابة النص.";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_have_a_field_for_every_code_and_no_other() {
        let rules = serde_json::to_value(LintRules::default()).unwrap();
        let fields: Vec<&str> = rules.as_object().unwrap().keys().map(String::as_str).collect();
        let codes: Vec<&str> = LintCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(fields, codes);
        assert!(serde_json::from_value::<LintRules>(json!({ "no_such_code": "warn" })).is_err());
    }

    #[test]
    fn what_is_not_said_stays_as_it_comes() {
        let rules: LintRules = serde_json::from_value(json!({ "no_alt_text": "refuse" })).unwrap();
        assert_eq!(rules, LintRules { no_alt_text: LintLevel::Refuse, ..LintRules::default() });
        assert_eq!(rules.level(LintCode::NoAltText), LintLevel::Refuse);
        assert_eq!(rules.level(LintCode::NoAbstract), LintLevel::Off);
    }
}
