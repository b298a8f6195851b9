//! What the kernel's side did with each event, read back from the figures.

use crate::metrics::{REJECTED, SEEN};
use crate::sources::Shares;
use kestrel_core::schema;

/// The figures by event in a page of figures. What this version does not know is left out.
pub fn shares_of(text: &str) -> Shares {
    let mut shares = Shares::default();
    let figures = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    for (name, value) in figures {
        let Some((family, labels)) = name.split_once('{') else { continue };
        let event = labels.strip_prefix("event=\"").and_then(|rest| rest.split_once('"')).map(|(event, _)| event);
        let (Some(event), Ok(value)) = (event.and_then(schema::by_name), value.parse()) else { continue };
        match family {
            SEEN => shares.count(event, value, 0),
            REJECTED => shares.count(event, 0, value),
            _ => {}
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Share;

    #[test]
    fn what_became_of_each_event_is_read_back() {
        let text = "kestrel_kernel_event_seen_total{event=\"openat\"} 70\nkestrel_kernel_event_seen_total{event=\"opennat\"} 1\n\
                    kestrel_kernel_event_rejected_total{event=\"openat\"} 69\nkestrel_records_total{event=\"close\"} 5\n";
        let openat = Share { seen: 70, rejected: 69 };
        assert_eq!(shares_of(text).by_event().collect::<Vec<_>>(), [("openat", openat)]);
    }
}
