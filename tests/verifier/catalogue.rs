//! The whole catalogue of attacks against the pipeline.

use std::time::{Duration, Instant};

use super::{expectations, oracle, verify, verify_key};
use crate::support::attacks::{self, Attack};
use crate::support::forge::Scene;
use crate::support::keys;

/// Every attack is refused by the check that is meant to refuse it, in time.
fn refused(attacks: &[Attack]) {
    let scene = Scene::standard();
    let keys = [verify_key(scene.idp_key)];
    // The scene itself is in order: without an attack it is let in.
    verify(&scene.forge().base64(), &expectations(&scene, &keys)).unwrap();
    let mut failures = Vec::new();
    for attack in attacks {
        let field = attack.field(&scene);
        let start = Instant::now();
        let outcome = verify(&field, &expectations(&scene, &keys));
        let took = start.elapsed();
        match outcome {
            Ok(_) => failures.push(format!("ACCEPTED: {}", attack.name)),
            Err(error) if error.code() != attack.code => failures.push(format!(
                "{}: by {}, expected {} ({error})",
                attack.name,
                error.code(),
                attack.code
            )),
            Err(_) => {}
        }
        if took > Duration::from_secs(2) {
            failures.push(format!("{}: took {took:?}", attack.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        attacks.len(),
        failures.join("\n")
    );
}

#[test]
fn signature_and_structure() {
    refused(&attacks::signature_and_structure());
}

#[test]
fn xml() {
    refused(&attacks::xml());
}

#[test]
fn meaning() {
    refused(&attacks::meaning());
}

/// Wrapping is only an attack while the signature holds: for each document
/// that is said to carry a genuine signature, xmlsec agrees.
#[test]
fn wrapping_attacks_carry_genuine_signatures() {
    let scene = Scene::standard();
    let genuine = [
        "xsw2: the signed response beside the signature",
        "xsw3: the evil assertion first",
        "xsw3: the evil assertion last (CVE-2025-47949)",
        "xsw4: the evil assertion around the signed one",
        "xsw5: the signature moved to the evil assertion",
        "xsw7: the evil assertion in Extensions",
        "wrapping: the signed assertion in Extensions",
        "wrapping: the signed assertion in StatusDetail",
        "wrapping: the signed assertion in Advice",
        "wrapping: the signed assertion in SubjectConfirmationData",
        "wrapping: the signed assertion in an AttributeValue",
        "wrapping: the evil assertion in an Object of the signature",
        "wrapping: the evil assertion in the signature's KeyInfo",
        "wrapping: the evil assertion under a foreign element",
        "wrapping: the signed assertion under a foreign element",
        "wrapping: the signature on the response points at the assertion",
        "root: the signed assertion alone",
        "root: a SOAP envelope",
        "root: a LogoutResponse, genuinely signed",
        "root: a signed LogoutResponse in Extensions lends its signature",
        "mismatch: a signed error in Extensions, success outside",
    ];
    let attacks = attacks::signature_and_structure();
    for name in genuine {
        let attack = attacks.iter().find(|a| a.name == name).unwrap();
        let document = attack.document(&scene).unwrap();
        if let Err(reason) = oracle::verified(&document, &[keys::idp()]) {
            panic!("{name}: {reason}\n{document}");
        }
    }
}

/// `docs/security-tests.md` tells the truth: what it names exists, and it
/// leaves out no attack.
#[test]
fn the_table_of_tests_is_true() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/security-tests.md")).unwrap();
    let names: Vec<String> = attacks::all().into_iter().map(|a| a.name).collect();
    let mut covered = vec![false; names.len()];
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [entry, beginnings, tests] = cells.as_slice() else {
            panic!("not three columns: {row}");
        };
        if entry.trim() == "Entry" || entry.trim() == "---" {
            continue;
        }
        rows += 1;
        let quoted = |cell: &str| -> Vec<String> {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        let (beginnings, tests) = (quoted(beginnings), quoted(tests));
        assert!(
            !beginnings.is_empty() || !tests.is_empty(),
            "no test tries: {entry}"
        );
        for beginning in beginnings {
            let mut found = false;
            for (name, covered) in names.iter().zip(&mut covered) {
                if name.starts_with(&beginning) {
                    *covered = true;
                    found = true;
                }
            }
            assert!(found, "no attack begins with {beginning:?}");
        }
        for test in tests {
            let (file, function) = test.split_once(' ').unwrap();
            let text =
                std::fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert!(
                text.contains(&format!("fn {function}(")),
                "{file} has no {function}"
            );
        }
    }
    assert!(rows > 30, "only {rows} rows");
    let missing: Vec<&String> = names
        .iter()
        .zip(&covered)
        .filter_map(|(name, covered)| (!covered).then_some(name))
        .collect();
    assert!(missing.is_empty(), "the table leaves out {missing:#?}");
}
