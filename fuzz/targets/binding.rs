//! Messages on their way through the browser. The first octet says what the
//! rest is: a query, a form field, a packed message, or a message to be sent
//! and read back.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::login::saml::binding::{
    LARGEST_MESSAGE, LONGEST_RELAY_STATE, MessageKind, read_redirect, redirect_url,
};
use doorward::login::saml::response::decode;
use libfuzzer_sys::fuzz_target;

/// What was read can be sent, and reads the same again.
fn check(query: &str) {
    let Ok(read) = read_redirect(query) else {
        return;
    };
    assert!(!read.xml.is_empty() && read.xml.len() <= LARGEST_MESSAGE);
    if let Some(signature) = &read.signature {
        let signed = std::str::from_utf8(&signature.signed).unwrap();
        // Every octet that is signed stands in the query.
        for part in signed.split('&') {
            assert!(query.split('&').any(|given| given == part), "{part}");
        }
        assert!(!signature.algorithm.is_empty() || query.contains("SigAlg="));
    }
    sent_and_read(&read.xml, read.kind, read.relay_state.as_deref());
}

fn sent_and_read(xml: &str, kind: MessageKind, relay_state: Option<&str>) {
    let sent = redirect_url(
        "https://idp.example.com/sso?a=b",
        kind,
        xml,
        relay_state,
        None,
    );
    let Ok(url) = sent else {
        assert!(relay_state.is_some_and(|state| state.len() > LONGEST_RELAY_STATE));
        return;
    };
    let (_, query) = url.split_once('?').unwrap();
    let again = read_redirect(query).unwrap();
    assert_eq!(again.xml, xml);
    assert_eq!(again.kind, kind);
    assert_eq!(again.relay_state.as_deref(), relay_state);
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else {
        return;
    };
    if mode % 4 == 0 {
        let packed = STANDARD.encode(rest).replace('+', "%2B");
        check(&format!("SAMLResponse={packed}&RelayState=x%20y"));
        return;
    }
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match mode % 4 {
        1 => check(text),
        2 => {
            let _ = decode(text);
        }
        _ => {
            let (state, xml) = text.split_once('\n').unwrap_or(("", text));
            if !xml.is_empty() && xml.len() <= LARGEST_MESSAGE {
                sent_and_read(xml, MessageKind::Request, Some(state));
            }
        }
    }
});
