//! Where articles are filed: a tree, no more than ten levels deep. Keeping sections is `records`' work; this room says
//! what a section is, and grows the tree.

pub mod dto;
pub mod http;

use std::collections::HashMap;

use crate::app::Read;
use crate::ids::RecordId;
use crate::problem::Problem;
use crate::records::{self, Record};
use dto::{SectionIn, SectionNode};

/// The sections in use as a tree, each level in order.
pub fn tree(read: &mut Read<'_>) -> Result<Vec<SectionNode>, Problem> {
    Ok(grow(records::all(read)?))
}

/// Hangs sections under their parents. What hangs on no root, since a section above is out of use, is left out.
fn grow(sections: Vec<Record<SectionIn>>) -> Vec<SectionNode> {
    let mut by_parent = HashMap::<_, Vec<_>>::new();
    for section in sections {
        by_parent.entry(section.form.parent_id).or_default().push(section);
    }
    children(&mut by_parent, None)
}

/// What hangs under one section. Each is taken out of the map as it is hung, so even a ring comes to an end.
fn children(
    by_parent: &mut HashMap<Option<RecordId>, Vec<Record<SectionIn>>>,
    parent: Option<RecordId>,
) -> Vec<SectionNode> {
    let sections = by_parent.remove(&parent).unwrap_or_default();
    let node = |section: Record<SectionIn>| {
        let children = children(by_parent, Some(section.id));
        SectionNode::new(section, children)
    };
    sections.into_iter().map(node).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ids::Id;
    use crate::time::UtcTime;
    use serde_json::json;

    fn id(n: u8) -> RecordId {
        Id::parse(&format!("0192f3a4-5b6c-7d8e-9f01-2345678900{n:02x}")).unwrap()
    }

    fn section(n: u8, parent: Option<u8>) -> Record<SectionIn> {
        let form = serde_json::from_value(json!({ "name": n.to_string(), "parentId": parent.map(id) })).unwrap();
        let at = UtcTime::from_micros(0);
        Record { id: id(n), form, version: 1, created_at: at, updated_at: at, merged_into: None }
    }

    /// A tree as text: `1(2 3(4))`.
    fn drawn(nodes: &[SectionNode]) -> String {
        let one = |node: &SectionNode| match drawn(&node.children) {
            below if below.is_empty() => node.name.clone(),
            below => format!("{}({below})", node.name),
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_section_hangs_under_its_parent_in_order() {
        type Parents = [(u8, Option<u8>)];
        let cases: [(&Parents, &str); 5] = [
            (&[], ""),
            (&[(1, None), (2, None)], "1 2"),
            (&[(4, Some(3)), (3, Some(1)), (1, None), (2, Some(1))], "1(3(4) 2)"),
            (&[(1, None), (3, Some(2)), (4, Some(3))], "1"),
            (&[(1, None), (2, Some(3)), (3, Some(2))], "1"),
        ];
        for (sections, expected) in cases {
            let sections = sections.iter().map(|(n, parent)| section(*n, *parent)).collect();
            assert_eq!(drawn(&grow(sections)), expected);
        }
    }
}
