//! Values go in and come out the same on both backends, compare the same, sort
//! the same and are searched the same.

use doorward::platform::storage::dialect::like_anywhere;
use doorward::platform::storage::{StorageError, Value, params};

use crate::place::Place;

on_both!(
    each_type_comes_back_as_it_went,
    nothing_comes_back_as_nothing,
    large_values,
    a_nul_is_refused_in_words,
    a_column_of_another_kind_is_an_error,
    keys_sort_octet_by_octet,
    a_search_finds_what_is_meant,
    a_parameter_may_stand_twice,
);

async fn table(place: &Place) {
    let blob = if place.is_sqlite() { "BLOB" } else { "BYTEA" };
    let sql = format!(
        "CREATE TABLE kinds (id BIGINT NOT NULL PRIMARY KEY, t TEXT, i BIGINT, b BOOLEAN, o {blob})"
    );
    place.execute(&sql, &[]).await.unwrap();
}

async fn round_trip(place: &Place, id: i64, row: [Value; 4]) {
    let [t, i, b, o] = row.clone();
    let sql = "INSERT INTO kinds (id, t, i, b, o) VALUES ($1, $2, $3, $4, $5)";
    place
        .execute(sql, &[Value::Int(id), t, i, b, o])
        .await
        .unwrap();
    let sql = "SELECT t, i, b, o FROM kinds WHERE id = $1";
    let rows = place.query(sql, params![id]).await.unwrap();
    let mut reader = rows[0].clone().reader();
    if let Value::Text(text) = &row[0] {
        assert_eq!(&reader.text().unwrap(), text);
    } else {
        assert_eq!(reader.opt_text().unwrap(), None);
    }
    if let Value::Int(int) = row[1] {
        assert_eq!(reader.int().unwrap(), int);
    } else {
        assert_eq!(reader.opt_int().unwrap(), None);
    }
    if let Value::Bool(bool) = row[2] {
        assert_eq!(reader.bool().unwrap(), bool);
    } else {
        assert!(reader.bool().is_err());
    }
    if let Value::Blob(blob) = &row[3] {
        assert_eq!(&reader.blob().unwrap(), blob);
    } else {
        assert!(reader.blob().is_err());
    }
    assert!(reader.text().is_err(), "there is no fifth column");
}

async fn each_type_comes_back_as_it_went(place: Place) {
    table(&place).await;
    let texts = [
        "",
        " ",
        "Zoë Königsmann 🔑 𝕏 e\u{301} \u{10FFFF}",
        "'; DROP TABLE users; --",
        "$1 ?1 %s \\ \" '",
        "line\r\nline\ttab\u{1}\u{7f}",
    ];
    let ints = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53];
    for (n, (text, int)) in texts.into_iter().zip(ints).enumerate() {
        let blob: Vec<u8> = (0..=255).cycle().take(n * 100).collect();
        let id = i64::try_from(n).unwrap();
        let row = [text.into(), int.into(), (n % 2 == 0).into(), blob.into()];
        round_trip(&place, id, row).await;
    }
}

async fn nothing_comes_back_as_nothing(place: Place) {
    table(&place).await;
    round_trip(&place, 1, [const { Value::Null }; 4]).await;
    let none = (None::<&str>, None::<i64>, None::<bool>, None::<Vec<u8>>);
    let row = [none.0.into(), none.1.into(), none.2.into(), none.3.into()];
    round_trip(&place, 2, row).await;
    let rows = place
        .query("SELECT id FROM kinds WHERE t IS NULL AND i IS NULL", &[])
        .await;
    assert_eq!(rows.unwrap().len(), 2);
}

async fn large_values(place: Place) {
    table(&place).await;
    let text = "Größe 🔑 ".repeat(200_000);
    let blob = vec![0xa5; 3_000_000];
    round_trip(
        &place,
        1,
        [text.into(), 1_i64.into(), true.into(), blob.into()],
    )
    .await;
}

async fn a_nul_is_refused_in_words(place: Place) {
    table(&place).await;
    for sql in [
        "INSERT INTO kinds (id, t) VALUES (1, $1)",
        "UPDATE kinds SET t = $1",
        "DELETE FROM kinds WHERE t = $1",
    ] {
        let outcome = place.execute(sql, params!["a\0b"]).await;
        let Err(StorageError::Statement(words)) = outcome else {
            panic!("{sql}: {outcome:?}");
        };
        assert!(words.contains("NUL"), "{words}");
    }
    let outcome = place
        .query("SELECT id FROM kinds WHERE t = $1", params!["\0"])
        .await;
    assert!(matches!(outcome, Err(StorageError::Statement(_))));
    assert_eq!(place.count("SELECT COUNT(*) FROM kinds").await, 0);
    // Octets may hold it.
    let sql = "INSERT INTO kinds (id, o) VALUES (1, $1)";
    place.execute(sql, params![vec![0_u8, 1, 0]]).await.unwrap();
}

async fn a_column_of_another_kind_is_an_error(place: Place) {
    table(&place).await;
    let sql = "INSERT INTO kinds (id, t, i) VALUES (1, 'text', 5)";
    place.execute(sql, &[]).await.unwrap();
    let rows = place.query("SELECT t, i FROM kinds", &[]).await.unwrap();
    let mut reader = rows[0].clone().reader();
    let error = reader.int().unwrap_err();
    assert!(
        matches!(error, StorageError::Column { at: 1, .. }),
        "{error:?}"
    );
    let error = reader.text().unwrap_err();
    assert!(
        matches!(error, StorageError::Column { at: 2, .. }),
        "{error:?}"
    );
}

/// Keys of groups, as every list sorts by them: upper before lower case, `-`
/// before letters, accents last, whatever the server's own collation thinks.
async fn keys_sort_octet_by_octet(place: Place) {
    let names = [
        "a-z", "ab", "a b", "B", "b", "_", "é", "Z", "zz", "10", "9", "a_b",
    ];
    for (n, name) in names.into_iter().enumerate() {
        let sql = "INSERT INTO groups (id, name, name_key, is_external, source, owner, created_at, \
                   updated_at) VALUES ($1, $2, $2, $3, 'manual', '', 0, 0)";
        let row = params![format!("g{n}"), name, false];
        place.execute(sql, row).await.unwrap();
    }
    let rows = place
        .query("SELECT name_key FROM groups ORDER BY name_key", &[])
        .await;
    let sorted: Vec<String> = rows
        .unwrap()
        .into_iter()
        .map(|row| row.reader().text().unwrap())
        .collect();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(sorted, expected);
}

async fn a_search_finds_what_is_meant(place: Place) {
    table(&place).await;
    let texts = [
        "100%",
        "1000",
        "a_b",
        "axb",
        "back\\slash",
        "back",
        "größe",
        "grosse",
        "it's",
    ];
    for (n, text) in texts.into_iter().enumerate() {
        let id = i64::try_from(n).unwrap();
        let sql = "INSERT INTO kinds (id, t) VALUES ($1, $2)";
        place.execute(sql, params![id, text]).await.unwrap();
    }
    for (wanted, expected) in [
        ("%", vec!["100%"]),
        ("0%", vec!["100%"]),
        ("100", vec!["100%", "1000"]),
        ("_", vec!["a_b"]),
        ("\\", vec!["back\\slash"]),
        ("k\\s", vec!["back\\slash"]),
        ("öß", vec!["größe"]),
        ("'", vec!["it's"]),
        ("", texts.to_vec()),
        ("\\%", vec![]),
    ] {
        let pattern = like_anywhere(wanted).unwrap();
        let sql = "SELECT t FROM kinds WHERE t LIKE $1 ESCAPE '\\' ORDER BY id";
        let rows = place.query(sql, params![pattern]).await.unwrap();
        let found: Vec<String> = rows
            .into_iter()
            .map(|row| row.reader().text().unwrap())
            .collect();
        assert_eq!(found, expected, "searching {wanted:?}");
    }
}

async fn a_parameter_may_stand_twice(place: Place) {
    table(&place).await;
    let sql = "INSERT INTO kinds (id, i, t) VALUES ($1, $1, $2)";
    place.execute(sql, params![7_i64, "x"]).await.unwrap();
    let sql = "SELECT id FROM kinds WHERE t = $2 AND id = $1 AND i = $1";
    assert_eq!(
        place.query(sql, params![7_i64, "x"]).await.unwrap().len(),
        1
    );
}
