//! The wizard: who it is → groups → key → all of it once more → what is to be passed on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::qr::drawing;
use super::views::{FIELDS, KINDS, Step, ToldPage, WizardPage};
use crate::directory::edit::UserEdit;
use crate::directory::passkeys::{KeyKind, LONGEST_NAME, name_of};
use crate::directory::{DirectoryError, reconcile, users};
use crate::domain::{Field, GroupId};
use crate::login::passkey::newcomer::{Newcomer, Welcomed};
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
    match state.passkeys.add_person(newcomer, staff.actor()).await {
        Ok(welcomed) => told(&state, &staff, &typed, &welcomed),
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
fn key(page: &Page, typed: &mut Typed) -> Option<(KeyKind, String)> {
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
    Some((kind, name_of(&name).unwrap_or(name)))
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
    if let Some((kind, name)) = &key {
        let kind = page.t(kind_id(*kind));
        let words = [("kind", kind.as_str()), ("name", name.as_str())];
        summary.push((page.t("new-key"), page.t_with("new-key-value", &words)));
        effects.push(page.t("new-effect-pending"));
        effects.push(page.t(if typed.is("by", "desk") {
            "new-effect-desk"
        } else {
            "new-effect-link"
        }));
    } else {
        effects.push(page.t("new-effect-active"));
    }
    wizard.summary = summary;
    wizard.effects = effects;
    Ok(())
}

/// What has been done, and what has to be passed on.
fn told(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    typed: &Typed,
    welcomed: &Welcomed,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let user = &welcomed.user;
    let back = format!("/admin/users/{}", user.id);
    let link = welcomed
        .key
        .as_ref()
        .map(|(_, told)| state.passkeys.link(&told.secret));
    let mut said = Vec::new();
    if let Some((_, told)) = &welcomed.key {
        let until = page.locale().moment(told.until);
        said.push(page.t_with("new-told-link", &[("until", &until)]));
        said.push(page.t("new-told-pending"));
    } else {
        said.push(page.t("new-told-active"));
    }
    let at_desk = typed.is("by", "desk");
    let page = ToldPage {
        title: page.t("new-told-title"),
        name: user.display_name(),
        said,
        link: link.map(|link| {
            let drawing = drawing(&link);
            (link, drawing)
        }),
        account_link: None,
        pin: None,
        pin_page: format!("{}/passkeys/pin", state.kit.origin()),
        desk: welcomed
            .key
            .as_ref()
            .filter(|_| at_desk)
            .map(|(key, _)| format!("{back}/keys/{}/desk", key.id)),
        back,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}
