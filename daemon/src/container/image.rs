//! Names of images.

/// The name of an image, and its parts (<https://github.com/opencontainers/distribution-spec>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageName {
    /// All of it, as it was asked for.
    pub reference: String,
    /// Without tag and digest.
    pub repository: String,
    /// The tag; empty if there is none.
    pub tag: String,
    /// The digest with its kind, such as `sha256:…`; empty if it is not known.
    pub digest: String,
}

impl ImageName {
    /// Takes a name apart: `registry:5000/shop/web:1.4@sha256:…`. A colon before the last slash is that of a port. A bare id
    /// (`sha256:…`, or 64 digits) names no repository.
    pub fn parse(reference: &str) -> ImageName {
        let mut name = ImageName { reference: reference.to_owned(), ..ImageName::default() };
        if id(reference).is_some() {
            return name;
        }
        let (rest, digest) = reference.split_once('@').unwrap_or((reference, ""));
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match rest[last..].rfind(':') {
            Some(at) => (&rest[..last + at], &rest[last + at + 1..]),
            None => (rest, ""),
        };
        name.repository = repository.to_owned();
        name.tag = tag.to_owned();
        name.digest = digest.to_owned();
        name
    }
}

/// The digits of an image's id, if this is one: 64 hexadecimal digits, with or without `sha256:` before them.
pub(super) fn id(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_parts() {
        for (text, repository, tag, digest) in [
            ("nginx", "nginx", "", ""),
            ("nginx:1.25", "nginx", "1.25", ""),
            ("docker.io/library/nginx:1.25", "docker.io/library/nginx", "1.25", ""),
            ("registry.example:5000/shop/web", "registry.example:5000/shop/web", "", ""),
            ("registry.example:5000/shop/web:v1", "registry.example:5000/shop/web", "v1", ""),
            ("web@sha256:00ff", "web", "", "sha256:00ff"),
            ("a/web:2@sha256:00ff", "a/web", "2", "sha256:00ff"),
            ("", "", "", ""),
            (":", "", "", ""),
        ] {
            let name = ImageName::parse(text);
            assert_eq!((&*name.repository, &*name.tag, &*name.digest), (repository, tag, digest), "{text}");
            assert_eq!(name.reference, text);
        }
        let bare = format!("sha256:{}", "0f".repeat(32));
        assert_eq!(ImageName::parse(&bare).repository, "");
    }
}
