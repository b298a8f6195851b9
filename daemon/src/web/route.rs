//! Which requests there are, and who answers them.

use super::answer::{Answer, Outcome};
use super::request::Head;

/// What a request can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read (GET, HEAD).
    Get,
    /// To bring something (POST).
    Post,
}

/// A request that is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it wants.
    pub method: Method,
    /// Its path, without a query.
    pub path: String,
    /// Bytes that its body may have.
    pub max_body: usize,
}

impl Route {
    /// A route without a body.
    pub fn get(path: impl Into<String>) -> Route {
        Route { method: Method::Get, path: path.into(), max_body: 0 }
    }
}

/// Who answers.
pub trait Service {
    /// Answers a request of the route with this number in the server's table. `body` is whole.
    fn answer(&mut self, route: usize, head: &Head, body: &[u8]) -> Outcome;
}

/// Finds the route of a request.
///
/// # Errors
/// The answer to one that there is not.
pub fn find(routes: &[Route], head: &Head) -> Result<usize, Answer> {
    let path = head.target.split(['?', '#']).next().unwrap_or_default();
    let mut allowed = Vec::new();
    for (number, route) in routes.iter().enumerate().filter(|(_, route)| route.path == path) {
        let names: &[&str] = match route.method {
            Method::Get => &["GET", "HEAD"],
            Method::Post => &["POST"],
        };
        if names.contains(&head.method.as_str()) {
            return Ok(number);
        }
        allowed.extend_from_slice(names);
    }
    if allowed.is_empty() {
        return Err(Answer::text(404, "there is nothing under this path"));
    }
    let header = Some(("Allow", allowed.join(", ")));
    Err(Answer { header, ..Answer::text(405, "this path does not do that") })
}
