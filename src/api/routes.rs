//! The routes of `/api/v1`, listed once: what is not in the document is not
//! served.
//!
//! The document takes several megabytes while it is made, and most gateways are
//! never asked for it. So serving asks the handlers for their address and methods
//! alone, and [`described`] for the rest.

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa::Path as _;
use utoipa::openapi::{HttpMethod, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::{PathItemExt as _, paste};

use super::options::Methods;
use super::{
    ApiState, applications, audit, conflicts, groups, identifiers, logins, me, openapi, passkeys,
    provider_keys, provider_test, providers, settings, signing_keys, tokens, users, webhooks,
};

/// Where the routes stand.
const BASE: &str = "/api/v1";

/// Each line is one address; the handlers' `#[utoipa::path]` says which.
macro_rules! routes {
    ($($first:ident::$does:ident $(, $more:ident::$also:ident)*;)+) => {
        /// The routes, and the methods of each.
        pub(super) fn served() -> (Router<ApiState>, Methods) {
            let mut served = Served::default();
            $(
                let route = Route::at(paste! { $first::[<__path_ $does>]::path() })
                    .on(paste! { $first::[<__path_ $does>]::methods() }, &$first::$does)
                    $(.on(paste! { $more::[<__path_ $also>]::methods() }, &$more::$also))*;
                served.add(route);
            )+
            served.end()
        }

        /// What the handlers say of themselves.
        pub(super) fn described() -> OpenApi {
            let all = OpenApiRouter::<ApiState>::new()
                $(.routes(utoipa_axum::routes!($first::$does $(, $more::$also)*)))+;
            OpenApiRouter::new().nest(BASE, all).into_openapi()
        }
    };
}

routes! {
    users::list, users::create;
    users::show, users::edit, users::remove;
    identifiers::clear;
    users::deactivate;
    users::reactivate;
    users::invite;
    users::end_sessions;
    passkeys::list, passkeys::create;
    passkeys::edit, passkeys::remove;
    groups::list, groups::create;
    groups::show, groups::edit, groups::remove;
    groups::add_member, groups::remove_member;
    providers::list, providers::create;
    providers::show, providers::replace, providers::edit, providers::remove;
    provider_test::test;
    provider_keys::rotate;
    applications::list, applications::create;
    applications::show, applications::replace, applications::edit, applications::remove;
    applications::rotate_secret;
    applications::send_activation;
    applications::assignments;
    applications::assign_user, applications::unassign_user;
    applications::assign_group, applications::unassign_group;
    signing_keys::list;
    signing_keys::rotate;
    webhooks::list, webhooks::create;
    webhooks::show, webhooks::edit, webhooks::remove;
    webhooks::rotate_secret;
    webhooks::test;
    webhooks::deliveries;
    webhooks::redeliver;
    me::show;
    tokens::list, tokens::create;
    tokens::remove;
    settings::show, settings::edit;
    audit::list;
    audit::lines;
    logins::list;
    logins::lines;
    logins::show;
    conflicts::list;
    conflicts::show;
    conflicts::link;
    conflicts::dismiss;
    openapi::show;
}

/// One address and what is done there.
struct Route {
    path: String,
    serves: MethodRouter<ApiState>,
    methods: Vec<HttpMethod>,
}

impl Route {
    fn at(path: String) -> Self {
        Self {
            path,
            serves: MethodRouter::new(),
            methods: Vec::new(),
        }
    }

    fn on<H, T>(mut self, methods: Vec<HttpMethod>, handler: &H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        for method in &methods {
            self.serves = self.serves.on(method.to_method_filter(), handler.clone());
        }
        self.methods.extend(methods);
        self
    }
}

#[derive(Default)]
struct Served {
    router: Router<ApiState>,
    methods: Vec<(String, Vec<HttpMethod>)>,
}

impl Served {
    fn add(&mut self, route: Route) {
        let address = format!("{BASE}{}", route.path);
        self.methods.push((address, route.methods));
        self.router = std::mem::take(&mut self.router).route(&route.path, route.serves);
    }

    fn end(self) -> (Router<ApiState>, Methods) {
        let router = Router::new().nest(BASE, self.router);
        (router, super::options::methods(self.methods))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_described() {
        let (_, served) = served();
        let described = described().paths.paths;
        assert!(served.len() > 40, "{}", served.len());
        assert_eq!(served.len(), described.len());
        for path in described.keys() {
            assert!(served.contains_key(path), "{path}");
        }
    }
}
