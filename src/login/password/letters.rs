//! The mails about accounts.

use crate::directory::account_links::{Made, Purpose};
use crate::domain::{Provider, Timestamp, User};
use crate::login::letters::frame;
pub use crate::login::letters::language;
use crate::platform::i18n::Locale;
use crate::platform::mail::{Letter, Outbox, letter::one_line};

/// The mail that carries a link. `application` is the name of the application that
/// the person is invited to use.
#[must_use]
pub fn link(
    outbox: &Outbox,
    user: &User,
    made: &Made,
    application: Option<&str>,
    locale: Locale,
) -> Option<Letter> {
    let (kind, stem) = match (made.purpose, application) {
        (Purpose::Activate, None) => ("activation", "mail-activation"),
        (Purpose::Activate, Some(_)) => ("activation", "mail-application"),
        (Purpose::Reset | Purpose::WayIn, _) => ("reset", "mail-reset"),
    };
    let application = application.map(one_line).unwrap_or_default();
    let until = locale.moment(made.expires_at);
    let variables = [
        ("brand", outbox.brand()),
        ("application", application.as_str()),
        ("until", until.as_str()),
    ];
    let t = |part: &str| locale.t_with(&format!("{stem}-{part}"), &variables);
    let mut letter = frame(user, kind, locale, made.expires_at)?;
    letter.subject = t("subject");
    letter.before.push(t("text"));
    letter.button = Some((t("button"), made.url(outbox.origin())));
    letter.after = vec![t("until"), t("not-you")];
    Some(letter)
}

/// The mail that says that somebody who has an account may use an application.
#[must_use]
pub fn ready(
    outbox: &Outbox,
    user: &User,
    application: &str,
    locale: Locale,
    now: Timestamp,
) -> Option<Letter> {
    let application = one_line(application);
    let variables = [
        ("brand", outbox.brand()),
        ("application", application.as_str()),
    ];
    let mut letter = frame(user, "application", locale, now.plus_seconds(3 * 24 * 3600))?;
    letter.subject = locale.t_with("mail-ready-subject", &variables);
    letter
        .before
        .push(locale.t_with("mail-ready-text", &variables));
    letter.button = Some((
        locale.t("mail-ready-button"),
        format!("{}/account", outbox.origin()),
    ));
    Some(letter)
}

/// The mail for somebody who asked for a password and signs in through a provider.
#[must_use]
pub fn through_provider(
    outbox: &Outbox,
    user: &User,
    provider: &Provider,
    locale: Locale,
    now: Timestamp,
) -> Option<Letter> {
    let label = one_line(&provider.label);
    let variables = [("brand", outbox.brand()), ("provider", label.as_str())];
    let mut letter = frame(user, "provider", locale, now.plus_seconds(24 * 3600))?;
    letter.subject = locale.t_with("mail-provider-subject", &variables);
    letter
        .before
        .push(locale.t_with("mail-provider-text", &variables));
    let href = format!("{}/login?provider={}", outbox.origin(), provider.slug);
    letter.button = Some((locale.t("mail-provider-button"), href));
    letter.after = vec![locale.t("mail-provider-not-you")];
    Some(letter)
}

/// The mail that says that the password was changed.
#[must_use]
pub fn changed(outbox: &Outbox, user: &User, locale: Locale, now: Timestamp) -> Option<Letter> {
    let at = locale.moment(now);
    let variables = [("brand", outbox.brand()), ("at", at.as_str())];
    let mut letter = frame(
        user,
        "password-changed",
        locale,
        now.plus_seconds(24 * 3600),
    )?;
    letter.subject = locale.t_with("mail-changed-subject", &variables);
    letter
        .before
        .push(locale.t_with("mail-changed-text", &variables));
    letter.after = vec![locale.t("mail-changed-not-you")];
    Some(letter)
}
