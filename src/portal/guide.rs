//! What to enter at an identity provider, in the words of its own console: one
//! source for the dashboard and for set-up links.

use crate::domain::{Field, Slug};
use crate::login::saml::sp_metadata::Urls;
use crate::login::saml::vendor::{Setting, Vendor};
use crate::platform::web::Page;

/// What an IdP has to send so that a start at its side becomes one at ours.
pub(in crate::portal) const RELAY_STATE: &str = "initiate-sp-login";

/// The common start of the claim names.
const CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

/// The attributes to send: field, name, whether a login needs it.
const ATTRIBUTES: [(Field, &str, bool); 7] = [
    (Field::Email, "emailaddress", true),
    (Field::GivenName, "givenname", false),
    (Field::FamilyName, "surname", false),
    (Field::Name, "name", false),
    (Field::Upn, "upn", false),
    (Field::Department, "department", false),
    (Field::JobTitle, "jobtitle", false),
];

/// A value to enter.
#[derive(Clone, Debug)]
pub(in crate::portal) struct ValueRow {
    /// Its name on the page.
    pub(in crate::portal) id: &'static str,
    /// What it is.
    pub(in crate::portal) label: String,
    /// What the console calls it, in English as consoles do.
    pub(in crate::portal) place: Option<String>,
    /// The value.
    pub(in crate::portal) value: String,
}

/// An attribute to send.
#[derive(Clone, Debug)]
pub(in crate::portal) struct AttributeRow {
    /// Our field.
    pub(in crate::portal) field: String,
    /// The attribute's name.
    pub(in crate::portal) name: String,
    /// What fills it there.
    pub(in crate::portal) source: Option<&'static str>,
    /// Whether a login needs it.
    pub(in crate::portal) needed: bool,
}

/// A guide for one product.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Guide {
    /// What to call the product.
    pub(in crate::portal) product: String,
    /// Where to begin.
    pub(in crate::portal) begin: String,
    /// The values.
    pub(in crate::portal) values: Vec<ValueRow>,
    /// Where attributes are set.
    pub(in crate::portal) attributes_at: String,
    /// The attributes.
    pub(in crate::portal) attributes: Vec<AttributeRow>,
    /// Where people are let in.
    pub(in crate::portal) people_at: String,
    /// Where the metadata is.
    pub(in crate::portal) metadata_at: String,
}

/// What to call a product.
pub(in crate::portal) fn product(page: &Page, vendor: Vendor) -> String {
    match vendor {
        Vendor::Other => page.t("guide-other"),
        known => known.name().to_owned(),
    }
}

/// The values of a provider, without a console's words when there is no product.
pub(in crate::portal) fn values(
    page: &Page,
    vendor: Option<Vendor>,
    origin: &str,
    slug: &Slug,
) -> Vec<ValueRow> {
    let urls = Urls::new(origin, slug);
    let row = |id, setting, value: String| ValueRow {
        id,
        label: page.t(&format!("guide-value-{id}")),
        place: vendor.map(|vendor| vendor.place(setting).to_owned()),
        value,
    };
    let mut rows = vec![
        row("entity-id", Setting::Audience, urls.entity_id.clone()),
        row("acs", Setting::Acs, urls.acs),
        row("relay-state", Setting::RelayState, RELAY_STATE.to_owned()),
        row("name-id", Setting::NameId, "persistent".to_owned()),
    ];
    rows.push(ValueRow {
        id: "metadata",
        label: page.t("guide-value-metadata"),
        place: None,
        value: urls.entity_id,
    });
    rows
}

/// The guide for a product, with the values filled in.
pub(in crate::portal) fn guide(page: &Page, vendor: Vendor, origin: &str, slug: &Slug) -> Guide {
    let attributes = ATTRIBUTES.iter().map(|(field, name, needed)| AttributeRow {
        field: page.t(&format!("field-{field}")),
        name: match field {
            Field::Department | Field::JobTitle => (*name).to_owned(),
            _ => format!("{CLAIM}{name}"),
        },
        source: vendor.source(*field),
        needed: *needed,
    });
    Guide {
        product: product(page, vendor),
        begin: page.t(&format!("guide-{}-begin", vendor.word())),
        values: values(page, Some(vendor), origin, slug),
        attributes_at: vendor.place(Setting::Attributes).to_owned(),
        attributes: attributes.collect(),
        people_at: vendor.place(Setting::Assignment).to_owned(),
        metadata_at: vendor.place(Setting::Metadata).to_owned(),
    }
}
