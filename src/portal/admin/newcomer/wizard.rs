//! The wizard: who it is → groups → key → all of it once more → what is to be passed on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::keys::{delivery, said, shown};
use super::views::{FIELDS, KINDS, Step, ToldPage, WizardPage};
use crate::directory::edit::UserEdit;
use crate::directory::passkeys::{KeyKind, LONGEST_NAME, name_of};
use crate::directory::{DirectoryError, reconcile, users};
use crate::domain::{Field, GroupId};
use crate::login::passkey::delivery::{Delivery, Handed};
use crate::login::passkey::newcomer::{self, Newcomer, Welcomed};
use crate::login::password::Invited;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::{Posted, Typed};
use crate::portal::passkeys::views::kind_id;

/// The most groups that a page shows.
const GROUPS: usize = 50;
/// The most groups that one person is put into here.
const MOST_GROUPS: usize = 100;

/// `GET /admin/users/new`.
pub(super) async fn show(State(state): State<PortalState>, staff: Staff<WriteUsers>) -> Response {
    answer(&state, &staff, Step::Person, Typed::default()).await
}

/// `POST /admin/users/new`: what the button of a step asks for.
pub(super) async fn go(
    State(state): State<PortalState>,
    Posted { staff, mut typed }: Posted<WriteUsers>,
) -> Response {
    let step = Step::parse(typed.value("step"));
    let wanted = match typed.value("go") {
        "back" => return answer(&state, &staff, step.before(), typed).await,
        "find" => return answer(&state, &staff, Step::Groups, typed).await,
        // Past groups and key, for whoever needs neither.
        "finish" => Step::Confirm,
        _ => step.next(),
    };
    let (newcomer, wrong) = match read(&state, &staff, &mut typed).await {
        Ok(read) => read,
        Err(error) => return state.failed(staff.locale, &error, "/admin/users/new"),
    };
    // Everything before the page that is wanted has to be right.
    if let Some(wrong) = wrong.filter(|wrong| comes_before(*wrong, wanted)) {
        return answer(&state, &staff, wrong, typed).await;
    }
    if step != Step::Confirm {
        // What is wrong further on is said there.
        return answer(&state, &staff, wanted, typed.forgiven()).await;
    }
    let invite = typed.is("invite", "yes");
    match add(&state, &staff, newcomer, invite).await {
        Ok((welcomed, invited)) => told(&state, &staff, &welcomed, invited),
        Err(DirectoryError::Taken { what, .. }) => {
            let page = state.kit.page(staff.locale);
            typed.refuse(what, page.t("new-taken"));
            answer(&state, &staff, Step::Person, typed).await
        }
        Err(DirectoryError::NotFound(_) | DirectoryError::ExternalGroup(_)) => {
            let page = state.kit.page(staff.locale);
            typed.refuse("group", page.t("new-group-gone"));
            answer(&state, &staff, Step::Groups, typed).await
        }
        Err(error) => state.failed(staff.locale, &error, "/admin/users/new"),
    }
}

/// Adds the person and invites them: all of it or nothing.
async fn add(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    newcomer: Newcomer,
    invite: bool,
) -> Result<(Welcomed, Option<Invited>), DirectoryError> {
    let (passkeys, accounts) = (state.passkeys.clone(), state.accounts.clone());
    let (actor, locale) = (staff.actor(), staff.locale);
    let added = state.directory.db.write(move |tx| {
        let (passkeys, accounts) = (passkeys.clone(), accounts.clone());
        let (newcomer, actor) = (newcomer.clone(), actor.clone());
        Box::pin(async move {
            let welcomed = newcomer::add(tx, &passkeys, newcomer, &actor).await?;
            let user = welcomed.user.clone();
            let invited = if invite {
                Some(accounts.invite_in(tx, user, None, locale, &actor).await?)
            } else {
                None
            };
            Ok::<_, DirectoryError>((welcomed, invited))
        })
    });
    let added = added.await?;
    state.accounts.outbox().wake();
    Ok(added)
}

fn comes_before(step: Step, wanted: Step) -> bool {
    let place = |step| Step::ALL.iter().position(|other| *other == step);
    place(step) < place(wanted) || wanted == Step::Confirm
}

/// What was typed so far; what is wrong is said at its fields, and the first step with
/// something wrong is named.
async fn read(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    typed: &mut Typed,
) -> Result<(Newcomer, Option<Step>), DirectoryError> {
    let page = state.kit.page(staff.locale);
    let mut edit = UserEdit::default();
    for field in FIELDS {
        let name = field.name();
        let value = if field == Field::Email {
            typed.required(&page, name, reconcile::longest(field))
        } else {
            typed.line(&page, name, reconcile::longest(field))
        };
        if let Some(value) = value {
            edit.profile.set(field, value);
        }
    }
    for (field, _) in reconcile::problems(&edit.profile) {
        typed.refuse(field.name(), page.t(&format!("new-wrong-{field}")));
    }
    for field in taken(state, &edit).await? {
        typed.refuse(field.name(), page.t("new-taken"));
    }
    // The link opens the account to whoever has it.
    if typed.is("invite", "yes") && !staff.is_admin() && !state.accounts.outbox().is_open() {
        typed.refuse("invite", page.t("users-invite-no-mail"));
    }
    let mut wrong = (!typed.is_sound()).then_some(Step::Person);

    let groups: Vec<GroupId> = typed.values("group").filter_map(GroupId::parse).collect();
    if groups.len() > MOST_GROUPS {
        typed.refuse("group", page.t("new-too-many-groups"));
        wrong = wrong.or(Some(Step::Groups));
    }
    let key = if state.passkeys.enabled().await? {
        key(&page, typed)
    } else {
        None
    };
    if !typed.is_sound() {
        wrong = wrong.or(Some(Step::Key));
    }
    let newcomer = Newcomer {
        edit,
        groups,
        key: key.filter(|_| wrong.is_none()),
    };
    Ok((newcomer, wrong))
}

/// The key that is wanted, if one is.
fn key(page: &Page, typed: &mut Typed) -> Option<(KeyKind, String, Delivery)> {
    if !typed.is("with_key", "yes") {
        return None;
    }
    let kind = KeyKind::parse(typed.value("kind")).filter(|kind| KINDS.contains(kind));
    let Some(kind) = kind else {
        typed.refuse("kind", page.t("new-kind-missing"));
        return None;
    };
    let name = typed.line(page, "key_name", LONGEST_NAME);
    if kind == KeyKind::Card && name.is_none() {
        typed.refuse("key_name", page.t("new-card-name-missing"));
        return None;
    }
    let name = name.unwrap_or_else(|| page.t(kind_id(kind)));
    let name = name_of(&name).unwrap_or(name);
    Some((kind, name, delivery(typed, page.locale())))
}

/// The identifiers that are somebody's already.
async fn taken(state: &PortalState, edit: &UserEdit) -> Result<Vec<Field>, DirectoryError> {
    let profile = edit.profile.clone();
    state
        .directory
        .db
        .look_up(move |tx| {
            let profile = profile.clone();
            Box::pin(async move {
                let mut taken = Vec::new();
                if let Some(email) = profile.get(Field::Email)
                    && users::by_email(tx, email).await?.is_some()
                {
                    taken.push(Field::Email);
                }
                if let Some(name) = profile.get(Field::UserName)
                    && users::by_user_name(tx, name).await?.is_some()
                {
                    taken.push(Field::UserName);
                }
                Ok(taken)
            })
        })
        .await
}

/// The page of a step.
async fn answer(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    step: Step,
    typed: Typed,
) -> Response {
    let status = if typed.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    match page_of(state, staff, step, typed).await {
        Ok(page) => state.show(status, &page),
        Err(error) => state.failed(staff.locale, &error, "/admin/users/new"),
    }
}

async fn page_of(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    step: Step,
    typed: Typed,
) -> Result<WizardPage, DirectoryError> {
    let (page, shell) = staff.frame(state, SECTION);
    let keys = state.passkeys.enabled().await?;
    let mut wizard = WizardPage {
        page,
        shell,
        step,
        typed,
        groups: Vec::new(),
        more_groups: false,
        summary: Vec::new(),
        effects: Vec::new(),
        keys,
        mail: state.accounts.outbox().is_open(),
    };
    match step {
        Step::Person | Step::Key => {}
        Step::Groups => {
            let find = wizard.typed.value("find").trim().to_owned();
            let found = state
                .directory
                .groups(Some(find).filter(|find| !find.is_empty()), None, GROUPS)
                .await?;
            wizard.more_groups = found.next_cursor.is_some();
            let internal = found.items.into_iter().filter(|c| !c.group.external);
            wizard.groups = internal
                .map(|counted| (counted.group.id.to_string(), counted.group.name))
                .collect();
        }
        Step::Confirm => sum_up(state, &mut wizard).await?,
    }
    Ok(wizard)
}

/// Everything once more, and what the last button will do.
async fn sum_up(state: &PortalState, wizard: &mut WizardPage) -> Result<(), DirectoryError> {
    let (page, typed) = (&wizard.page, &wizard.typed);
    let mut summary = Vec::new();
    for field in FIELDS {
        let value = typed.value(field.name()).trim();
        if !value.is_empty() {
            summary.push((page.t(&format!("field-{field}")), value.to_owned()));
        }
    }
    let mut names = Vec::new();
    for id in typed
        .values("group")
        .filter_map(GroupId::parse)
        .take(MOST_GROUPS)
    {
        match state.directory.group(&id).await {
            Ok(counted) => names.push(counted.group.name),
            Err(DirectoryError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if !names.is_empty() {
        summary.push((page.t("new-groups"), names.join(", ")));
    }
    let mut effects = Vec::new();
    let key = wizard.keys.then(|| key(page, &mut typed.clone())).flatten();
    let email = typed.value("email").trim();
    let words = [("email", email)];
    if let Some((kind, name, delivery)) = &key {
        let kind = page.t(kind_id(*kind));
        let words = [("kind", kind.as_str()), ("name", name.as_str())];
        summary.push((page.t("new-key"), page.t_with("new-key-value", &words)));
        effects.push(page.t("new-effect-pending"));
        effects.push(match delivery {
            Delivery::Desk => page.t("new-effect-desk"),
            Delivery::Mail(_) if wizard.mail => page.t_with("new-effect-mail", &[("email", email)]),
            Delivery::Mail(_) | Delivery::Hand => page.t("new-effect-link"),
        });
    }
    match (typed.is("invite", "yes"), wizard.mail) {
        (true, true) => effects.push(page.t_with("new-effect-invite", &words)),
        (true, false) => effects.push(page.t("new-effect-invite-link")),
        (false, mail) if key.is_none() => {
            effects.push(page.t("new-effect-active"));
            if mail && state.accounts.form().await?.is_on {
                effects.push(page.t("new-effect-ask"));
            }
        }
        (false, _) => {}
    }
    wizard.summary = summary;
    wizard.effects = effects;
    Ok(())
}

/// What has been done, and what has to be passed on.
fn told(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    welcomed: &Welcomed,
    invited: Option<Invited>,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let user = &welcomed.user;
    let back = format!("/admin/users/{}", user.id);
    let mut sentences = Vec::new();
    if let Some((_, handed)) = &welcomed.key {
        sentences.push(said(&page, handed));
    }
    let email = user.profile.get(Field::Email).unwrap_or_default();
    let account_link = match invited {
        Some(Invited::Mailed) => {
            sentences.push(page.t_with("new-told-invited", &[("email", email)]));
            None
        }
        Some(Invited::Link(link)) => {
            sentences.push(page.t("new-told-invite-link"));
            Some(link)
        }
        None => None,
    };
    sentences.push(page.t(if sentences.is_empty() {
        "new-told-active"
    } else {
        "new-told-pending"
    }));
    let at_desk = |handed: &Handed| matches!(handed, Handed::Nothing);
    let page = ToldPage {
        title: page.t("new-told-title"),
        name: user.display_name(),
        said: sentences,
        link: welcomed
            .key
            .as_ref()
            .and_then(|(_, handed)| shown(state, handed)),
        account_link,
        pin: None,
        pin_page: format!("{}/passkeys/pin", state.kit.origin()),
        desk: welcomed
            .key
            .as_ref()
            .filter(|(_, handed)| at_desk(handed))
            .map(|(key, _)| format!("{back}/keys/{}/desk", key.id)),
        back,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}
