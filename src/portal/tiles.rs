//! The applications of a person, as tiles.

use std::collections::BTreeSet;

use url::Url;

use super::views::Tile;
use crate::domain::Application;
use crate::domain::application::ApplicationKind;

/// A tile for each application that leads somewhere.
pub(super) fn of(applications: Vec<Application>) -> Vec<Tile> {
    applications.into_iter().filter_map(tile).collect()
}

fn tile(application: Application) -> Option<Tile> {
    let href = application.launch_url.or_else(|| {
        // What stands behind a proxy has an address even if nobody wrote one down.
        let behind_proxy = application.kind == ApplicationKind::ForwardAuth;
        let host = application.hosts.first().filter(|_| behind_proxy)?;
        Some(format!("https://{host}/"))
    })?;
    let letter = application.name.chars().find(|c| c.is_alphanumeric());
    Some(Tile {
        letter: letter
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default(),
        name: application.name,
        href,
        logo: application.logo_url,
    })
}

/// The origins of the tiles' pictures, each once.
pub(super) fn origins(tiles: &[Tile]) -> Vec<String> {
    let logos = tiles.iter().filter_map(|tile| tile.logo.as_deref());
    let origins: BTreeSet<String> = logos
        .filter_map(|logo| Url::parse(logo).ok())
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    #[test]
    fn a_tile_leads_somewhere() {
        let slug = || Slug::parse("app").unwrap();
        let mut link = Application::new(slug(), "app");
        assert!(of(vec![link.clone()]).is_empty());
        link.launch_url = Some("https://app.example.com/".to_owned());
        link.logo_url = Some("https://cdn.example.com:8443/a/b.png".to_owned());
        let mut site = Application::new(slug(), "wiki");
        site.kind = ApplicationKind::ForwardAuth;
        site.hosts = vec!["wiki.example.com".to_owned()];
        let tiles = of(vec![link.clone(), site, link]);
        let hrefs: Vec<&str> = tiles.iter().map(|tile| tile.href.as_str()).collect();
        assert_eq!(
            hrefs[..2],
            ["https://app.example.com/", "https://wiki.example.com/"]
        );
        assert_eq!(tiles[1].letter, "W");
        assert_eq!(origins(&tiles), ["https://cdn.example.com:8443"]);
    }
}
