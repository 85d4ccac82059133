//! How an imitation answers wrongly.

use std::time::Duration;

/// Something that an imitation answers on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`.
    Discovery,
    /// The key set.
    Jwks,
    /// The authorization endpoint, to which the browser goes.
    Authorize,
    /// The token endpoint.
    Token,
    /// Userinfo, or Webex's `people/me`.
    UserInfo,
    /// Microsoft Graph's groups.
    Groups,
    /// A person's picture.
    Picture,
}

/// What is wrong with a whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It comes late.
    Slow(Duration),
    /// It never comes.
    NeverAnswers,
    /// This status with an error in JSON.
    Status(u16),
    /// A page in HTML with status 200.
    Html,
    /// Ten megabytes of JSON.
    TenMegabytes,
    /// The beginning of a JSON document.
    InvalidJson,
    /// `{}`.
    EmptyObject,
    /// Elsewhere.
    Redirect(String),
}

/// One way to answer wrongly. Several may hold at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The whole answer of an endpoint.
    At(Endpoint, Wrong),

    /// The ID token is signed with another key under the right `kid`.
    WrongSignature,
    /// The ID token names a key that the JWKS lacks.
    UnknownKid,
    /// The ID token names no key.
    NoKid,
    /// `alg: none`, no signature.
    AlgNone,
    /// `alg: HS256`, keyed with the public key in PEM.
    HmacWithPublicKey,
    /// Another issuer.
    WrongIssuer,
    /// Made out to another client.
    WrongAudience,
    /// Made out to two clients, without `azp`.
    SeveralAudiences,
    /// Made out to two clients, the other one authorized.
    WrongAzp,
    /// Made out to two clients, this one authorized: that is right.
    RightAzp,
    /// Expired an hour ago.
    Expired,
    /// No `exp`.
    NoExpiry,
    /// Issued an hour in the future.
    IssuedInFuture,
    /// Not valid before an hour from now.
    NotYetValid,
    /// Another nonce.
    WrongNonce,
    /// No nonce.
    NoNonce,
    /// An `at_hash` of another token.
    WrongAtHash,
    /// No `sub`.
    NoSubject,
    /// The token answer lacks an ID token.
    NoIdToken,
    /// The ID token is no JWT.
    NotAJwt,
    /// The token answer lacks an access token.
    NoAccessToken,
    /// Userinfo speaks of somebody else.
    OtherSubjectInUserInfo,
    /// No e-mail address anywhere.
    MissingEmail,
    /// `email_verified: false`.
    Unverified,

    /// The token endpoint takes a code twice.
    TakesCodesTwice,
    /// The person says no: `error=access_denied`.
    AccessDenied,
    /// Another error of the authorization endpoint.
    AuthorizeError(&'static str),
    /// The answer carries another state.
    WrongState,
    /// The answer carries no state.
    NoState,
    /// The answer's `iss` (RFC 9207) is another one's.
    WrongIssParameter,
    /// The answer carries two codes.
    TwoCodes,
    /// Discovery names another issuer than its address.
    DiscoveryOfAnother,
}
