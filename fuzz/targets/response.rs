//! A response from a stranger: whatever is accepted says what one of the
//! genuine responses says.
#![no_main]

use doorward_fuzz::{genuine, meaning, verify};
use libfuzzer_sys::fuzz_target;

doorward_fuzz::structural_mutator!();

fuzz_target!(|document: &[u8]| {
    let genuine = genuine();
    if let Some(verified) = verify(document, genuine) {
        let meaning = meaning(&verified);
        assert!(
            genuine.meanings.contains(&meaning),
            "accepted with another meaning: {meaning}"
        );
    }
});
