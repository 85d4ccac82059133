//! Where one can go from an answer: the document's links. They are the same
//! everywhere, so they are made and not written: what a collection makes or lists
//! can be asked for, changed and taken away under its name.

use serde_json::{Map, Value, json};

/// Writes the links into every collection's answers.
pub(super) fn add(paths: &mut Map<String, Value>) {
    let mut found = Vec::new();
    for collection in paths.keys() {
        for (method, status, at) in [("post", "201", ""), ("get", "200", "/items/0")] {
            let links = links(paths, collection, at);
            if !links.is_empty() {
                let place = format!("/{}/{method}/responses/{status}", escaped(collection));
                found.push((place, links));
            }
        }
    }
    let mut all = Value::Object(std::mem::take(paths));
    for (place, links) in found {
        if let Some(response) = all.pointer_mut(&place) {
            response["links"] = Value::Object(links);
        }
    }
    if let Value::Object(all) = all {
        *paths = all;
    }
}

/// A path as one segment of a JSON Pointer.
fn escaped(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

/// The operations on what a collection holds, found at a place of its answer.
fn links(paths: &Map<String, Value>, collection: &str, at: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for name in ["id", "slug"] {
        let one = format!("{collection}/{{{name}}}");
        // Below it stand verbs and parts; those with parameters of their own need
        // more than one answer has.
        let below = paths.iter().filter(|(path, _)| {
            let rest = path.strip_prefix(&one);
            rest.is_some_and(|rest| !rest.contains('{'))
        });
        for (_, item) in below {
            for operation in item.as_object().into_iter().flat_map(Map::values) {
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let link = json!({
                    "operationId": id,
                    "parameters": {name: format!("$response.body#{at}/{name}")},
                });
                found.insert(id.to_owned(), link);
            }
        }
    }
    found
}
