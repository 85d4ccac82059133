//! `/groups`.

use serde_json::{Value, json};

use super::{Api, NOW, column};
use crate::platform::storage::{StorageError, params};

#[tokio::test]
async fn groups_come_change_and_go() {
    let api = Api::new().await;
    let reply = api
        .admin("POST", "/groups", Some(json!({"name": " Engines "})))
        .await;
    let group = reply.expect(201);
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    let expected = json!({
        "id": group["id"], "name": "Engines", "description": null, "external": false,
        "source": "manual", "member_count": 0
    });
    assert_eq!(group, expected);
    assert_eq!(api.admin("GET", &path, None).await.expect(200), expected);
    let edit = |body: Value| api.admin("PATCH", &path, Some(body));
    assert_eq!(edit(expected.clone()).await.expect(200), expected);
    let edited = edit(json!({"description": "those who build"}))
        .await
        .expect(200);
    assert_eq!(edited["description"], "those who build");
    let edited = edit(json!({"name": "Motors", "description": null}))
        .await
        .expect(200);
    assert_eq!(
        (&edited["name"], &edited["description"]),
        (&json!("Motors"), &Value::Null)
    );

    api.pass(1);
    api.admin("POST", "/groups", Some(json!({"name": "Others"})))
        .await
        .expect(201);
    let taken = json!({"name": "MOTORS"});
    assert_eq!(
        api.admin("POST", "/groups", Some(taken))
            .await
            .mistakes(409),
        ["/name"]
    );
    assert_eq!(
        edit(json!({"name": "others"})).await.mistakes(409),
        ["/name"]
    );
    for (body, places) in [
        (json!({}), &["/name"][..]),
        (json!({"name": ""}), &["/name"]),
        (json!({"name": "a\u{202e}b"}), &["/name"]),
        (
            json!({"name": 7, "descripton": "x"}),
            &["/name", "/descripton"],
        ),
        (
            json!({"name": "x", "description": "x".repeat(1025)}),
            &["/description"],
        ),
        (json!({"name": "x", "external": true}), &["/external"]),
    ] {
        assert_eq!(
            api.admin("POST", "/groups", Some(body)).await.mistakes(422),
            places
        );
    }
    assert_eq!(
        edit(json!({"name": null, "member_count": 7}))
            .await
            .mistakes(422)
            .len(),
        2
    );

    let list = api.admin("GET", "/groups?q=oTo", None).await.expect(200);
    assert_eq!(column(&list, "name"), ["Motors"]);
    let list = api.admin("GET", "/groups?limit=1", None).await.expect(200);
    assert_eq!(column(&list, "name"), ["Motors"]);
    let next = format!("/groups?cursor={}", list["next_cursor"].as_str().unwrap());
    let list = api.admin("GET", &next, None).await.expect(200);
    assert_eq!(
        (column(&list, "name"), &list["next_cursor"]),
        (vec!["Others".into()], &Value::Null)
    );
    api.admin("DELETE", &path, None).await.expect(204);
    for method in ["GET", "DELETE"] {
        api.admin(method, &path, None).await.problem(404);
    }
    api.admin("GET", "/groups/x", None).await.problem(404);
}

#[tokio::test]
async fn members_come_and_go() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let group = api
        .admin("POST", "/groups", Some(json!({"name": "G"})))
        .await
        .expect(201);
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    let member = format!("{path}/members/{user}");
    for (method, count) in [
        ("PUT", 1),
        ("PUT", 1),
        ("DELETE", 0),
        ("DELETE", 0),
        ("PUT", 1),
    ] {
        api.admin(method, &member, None).await.expect(204);
        let group = api.admin("GET", &path, None).await.expect(200);
        assert_eq!(group["member_count"], count);
    }
    let shown = api
        .admin("GET", &format!("/users/{user}"), None)
        .await
        .expect(200);
    let expected = json!([{"id": group["id"], "name": "G", "external": false}]);
    assert_eq!(shown["groups"], expected);
    let nobody = "00000000-0000-7000-8000-000000000000";
    for path in [
        format!("{path}/members/{nobody}"),
        format!("{path}/members/x"),
        format!("/groups/{nobody}/members/{user}"),
    ] {
        api.admin("PUT", &path, None).await.problem(404);
    }
}

#[tokio::test]
async fn what_a_channel_keeps_is_read_only() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let id = "00000000-0000-7000-8000-0000000000aa";
    let made = api.directory.db.write(move |tx| {
        Box::pin(async move {
            let sql = "INSERT INTO groups (id, name, name_key, is_external, source, owner, \
                created_at, updated_at) VALUES ($1, 'Pushed', 'pushed', $2, 'scim', 'c1', $3, $3)";
            tx.execute(sql, params![id, true, NOW]).await
        })
    });
    made.await.map_err(|e: StorageError| e).unwrap();
    let path = format!("/groups/{id}");
    let group = api.admin("GET", &path, None).await.expect(200);
    assert_eq!(
        (&group["external"], &group["source"]),
        (&json!(true), &json!("scim"))
    );
    for (method, path, body) in [
        ("PATCH", path.clone(), Some(json!({"name": "Mine"}))),
        ("DELETE", path.clone(), None),
        ("PUT", format!("{path}/members/{user}"), None),
        ("DELETE", format!("{path}/members/{user}"), None),
    ] {
        let reply = api.admin(method, &path, body).await;
        assert_eq!(reply.code(409), "group.external", "{method} {path}");
    }
    // Its name does not stand in the way of an internal group's.
    api.admin("POST", "/groups", Some(json!({"name": "Pushed"})))
        .await
        .expect(201);
}
