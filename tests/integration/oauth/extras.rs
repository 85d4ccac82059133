//! What comes with a login besides the person: groups, pictures, and what an
//! admin's test of the provider says.

use std::time::Duration;

use serde_json::{Value, json};

use super::way::{Way, sign_in};
use crate::harness::{Browser, Server};
use crate::vendors::{Endpoint, Fault, Kind, Person, Vendor, Wrong};

/// A gateway with Microsoft's imitation as `op`, for one tenant, and a group map.
async fn microsoft(map: Value) -> Way {
    let server = Server::sqlite().await;
    let vendor = Vendor::start(Kind::Microsoft).await;
    vendor.allow(&server.url, "op").add(Person::ada());
    let mut provider = vendor.provider("op");
    provider["group_map"] = map;
    provider["oauth"]["graph_endpoint"] = json!(vendor.url);
    let way = Way { server, vendor };
    way.register(&provider).await;
    way
}

async fn groups_of_ada(way: &Way) -> Vec<String> {
    let user = way
        .server
        .api()
        .user_by_email("ada@example.com")
        .await
        .unwrap();
    let groups = user["groups"].as_array().unwrap().iter();
    groups
        .map(|g| g["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn again(way: &Way) -> Browser {
    let mut browser = Browser::new(&way.server);
    let answer = sign_in(&way.vendor, &mut browser, "op", "ada-4711").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_follow_the_claim_and_graph_where_they_do_not_fit() {
    let way = microsoft(json!({ "g-0": ["Engines"], "g-205": ["Poets"] })).await;
    let with = |groups: Vec<String>| Person {
        groups,
        ..Person::ada()
    };
    way.vendor
        .add(with(vec!["g-0".into(), "g-unmapped".into()]));
    again(&way).await;
    assert_eq!(groups_of_ada(&way).await, ["Engines"]);
    assert!(way.vendor.calls(Endpoint::Groups).is_empty());
    // More than fit: the token has a pointer, and Graph is asked.
    way.vendor
        .add(with((0..210).map(|n| format!("g-{n}")).collect()));
    again(&way).await;
    assert_eq!(groups_of_ada(&way).await, ["Engines", "Poets"]);
    assert_eq!(way.vendor.calls(Endpoint::Groups).len(), 1);
    // Graph is away: the groups stay, the person comes in, the trace says so.
    way.vendor
        .fail(Fault::At(Endpoint::Groups, Wrong::Status(403)));
    again(&way).await;
    assert_eq!(groups_of_ada(&way).await, ["Engines", "Poets"]);
    let trace = way.server.api().last_trace().await;
    assert!(
        trace["summary"].as_str().unwrap().contains("403"),
        "{trace}"
    );
    // The claim goes, and so do the groups.
    way.vendor.heal().add(Person::ada());
    again(&way).await;
    assert_eq!(groups_of_ada(&way).await, Vec::<String>::new());
}

fn png() -> (Vec<u8>, &'static str) {
    let pixels = image::RgbImage::from_pixel(600, 300, image::Rgb([10, 90, 200]));
    let mut octets = std::io::Cursor::new(Vec::new());
    pixels
        .write_to(&mut octets, image::ImageFormat::Png)
        .unwrap();
    (octets.into_inner(), "image/png")
}

/// The address of Ada's picture, once there is one.
async fn photo_url(way: &Way) -> String {
    for _ in 0..100 {
        let user = way
            .server
            .api()
            .user_by_email("ada@example.com")
            .await
            .unwrap();
        if let Some(url) = user["photo_url"].as_str() {
            return url.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no picture came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_fetched_once_and_served_from_here() {
    for kind in [Kind::Google, Kind::Microsoft] {
        let way = if kind == Kind::Microsoft {
            microsoft(json!({})).await
        } else {
            Way::new(kind).await
        };
        let ada = Person {
            picture: Some(png()),
            ..Person::ada()
        };
        way.vendor.add(ada);
        let mut browser = again(&way).await;
        let url = photo_url(&way).await;
        assert!(
            url.starts_with(&format!("{}/photos/", way.server.url)),
            "{url}"
        );
        let path = url.strip_prefix(&way.server.url).unwrap();
        let picture = browser.click(path).await;
        assert_eq!(picture.status, 200);
        assert_eq!(picture.header("content-type"), Some("image/jpeg"));
        assert_eq!(
            picture.header("cache-control"),
            Some("private, max-age=86400")
        );
        // For people who are signed in, and for nobody else.
        let mut stranger = Browser::new(&way.server);
        assert_eq!(stranger.visit(path).await.status, 401);
        assert_eq!(browser.click("/photos/unknown").await.status, 404);
        again(&way).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(way.vendor.calls(Endpoint::Picture).len(), 1, "{kind:?}");
        assert_eq!(photo_url(&way).await, url);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_cannot_be_had_keeps_nobody_out() {
    for (wrong, picture) in [
        (Some(Wrong::NeverAnswers), png()),
        (Some(Wrong::TenMegabytes), png()),
        (Some(Wrong::Status(500)), png()),
        (None, (b"<svg onload='alert(1)'/>".to_vec(), "image/png")),
    ] {
        let way = Way::new(Kind::Google).await;
        way.vendor.add(Person {
            picture: Some(picture),
            ..Person::ada()
        });
        if let Some(wrong) = wrong {
            way.vendor.fail(Fault::At(Endpoint::Picture, wrong));
        }
        let mut browser = again(&way).await;
        assert!(browser.me().await.unwrap()["photo_url"].is_null());
    }
}

/// The checks of a test by name.
async fn test(way: &Way) -> Value {
    let api = way.server.api();
    api.expect("POST", "/api/v1/providers/op/test", None, 200)
        .await
}

fn status<'a>(found: &'a Value, name: &str) -> &'a str {
    let checks = found["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap_or_else(|| panic!("no {name} in {found}"))["status"]
        .as_str()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_asks_the_provider_and_says_what_is_wrong() {
    let way = Way::new(Kind::Oidc).await;
    let found = test(&way).await;
    assert_eq!(found["ok"], true, "{found}");
    for name in [
        "settings",
        "discovery",
        "endpoints",
        "keys",
        "client",
        "allowed_domains",
    ] {
        assert_eq!(status(&found, name), "ok", "{found}");
    }
    for (fault, name) in [
        (Fault::At(Endpoint::Discovery, Wrong::Html), "discovery"),
        (Fault::DiscoveryOfAnother, "discovery"),
        (Fault::At(Endpoint::Jwks, Wrong::EmptyObject), "keys"),
        (Fault::At(Endpoint::Token, Wrong::Status(500)), "client"),
    ] {
        way.vendor.heal().fail(fault.clone());
        let found = test(&way).await;
        assert_eq!(status(&found, name), "failed", "{fault:?}: {found}");
        assert_eq!(found["ok"], false);
    }
    way.vendor.heal();
    let wrong = json!({ "oauth": { "client_secret": "guessed" } });
    let api = way.server.api();
    api.expect("PATCH", "/api/v1/providers/op", Some(&wrong), 200)
        .await;
    let found = test(&way).await;
    assert_eq!(status(&found, "client"), "failed", "{found}");
    assert!(!found.to_string().contains("guessed"));
}
