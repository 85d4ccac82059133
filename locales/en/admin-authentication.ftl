# Providers: the list.
providers-title = Authentication
providers-add = Add provider
providers-empty = The ways in stand here. Add the identity provider of your company, and its people can sign in.
providers-order = The buttons of the sign-in page stand in this order.
provider-label = Button
provider-label-hint = What stands on the button of the sign-in page. “SSO Login” is what people know.
provider-kind = Kind
provider-kind-hint = Take SAML for Okta, Entra ID, AD FS, Google Workspace, Ping, Keycloak, OneLogin or Akamai, if in doubt.
provider-state = State
provider-last = Last sign-in
provider-never = Nobody yet
provider-move = Order
provider-up = Move { $provider } up
provider-down = Move { $provider } down
provider-by-file = kept by the file
kind-saml = SAML 2.0
kind-google = Google
kind-microsoft = Microsoft (OpenID Connect)
kind-webex = Webex
kind-oidc = OpenID Connect
kind-oauth2 = OAuth 2.0

# How a provider stands.
provider-draft = Draft
provider-off = Switched off
provider-broken = Cannot be used
provider-failing = Failing since { $since }
provider-works = Works
provider-unused = Never used
provider-metadata-failing = The metadata cannot be fetched
provider-certificate-ended = Certificate has ended
provider-certificate-ends = Certificate ends in { $days } days
provider-no-domains = No domain is allowed, so nobody gets in. Enter the domains of your people’s addresses, or * for every domain.

# Adding one.
provider-slug = Name in addresses
provider-slug-hint = Small letters, digits and hyphens, such as “okta”. It stands in the addresses that you enter at the identity provider, and never changes.
provider-slug-wrong = Use 1 to 63 small letters, digits and hyphens, with a letter or digit at both ends.
provider-slug-taken = Another provider has this name.
provider-continue = Continue

# The page of a provider.
provider-back = Back to the provider
provider-test = Test login
provider-edit = Change settings
provider-edit-title = Settings of { $provider }
provider-enable = Switch on
provider-disable = Switch off
provider-delete = Delete
provider-standing = State
provider-today = Failures in 24 hours
provider-failures =
    { $count ->
        [0] None
        [2000] 2,000 or more
       *[other] { $count }
    }
provider-commonest = most often
provider-traces = Login traces
provider-tested = Last test
provider-untested = Not tested yet
provider-check = Check what logins depend on
provider-values = What to enter at the identity provider
provider-values-text = Copy each value to its place there. They stay the same.
provider-guide = Steps for a product
provider-guide-show = Show
provider-came = What came from the identity provider
provider-draft-text = Nothing yet. When the values above are entered there, bring its metadata here; then test, and switch the provider on.
provider-metadata-bring = Bring metadata
provider-metadata-change = Bring other metadata
provider-metadata-title = Metadata for { $provider }
provider-metadata-on = People sign in through this provider: what you bring takes effect at once.
provider-fetched = Fetched from
provider-attributes = Attributes
provider-attributes-hint = The names under which the identity provider sends each field, one on each line, tried in order. Where nothing is entered, the names below the field are tried.
provider-attributes-change = Change the names
provider-field = Our field
provider-tried = Names that are tried
provider-seen = Value at the last login
provider-seen-at = Last login or test:
provider-synced = refreshed at every login
provider-who = Who may come in
provider-domains = Allowed domains
provider-domains-hint = One on each line: example.com, *.example.com for the levels below, * for every domain.
provider-domains-none = None: nobody gets in
provider-jit = New people get an account at their first sign-in
provider-jit-hint = Recommended. Otherwise only people come in who are here already.
provider-link = A login may attach itself to the user with its e-mail address
provider-link-hint = Within the allowed domains, and never to an admin.
provider-groups = Groups
provider-groups-hint = One on each line: the value that the identity provider sends, =>, and our groups, with semicolons between them.
provider-groups-wrong = “{ $line }” is no such line: value => Group; Another group. Each value stands once.
provider-button = Button
provider-sync = Synchronisation
provider-sync-hint = These fields are refreshed at every login. All that come are taken at the first.
switch-on = On
switch-off = Off
provider-keys = Our own keys
provider-keys-text = With them we sign requests and open encrypted answers. They stand in our metadata.
provider-key-signs = Signs
provider-key-next = Next
provider-keys-begin = Begin a rollover
provider-keys-finish = Finish: use the next key
provider-keys-cancel = Cancel the rollover
provider-links = Set-up links
provider-links-text = For the admin of the identity provider, who needs no account here: the values to copy, the metadata, a test login, and nothing else.
provider-link-for = For whom (optional)
provider-link-days = Works for days
provider-link-days-wrong = A link works for 1 to 30 days.
provider-link-many = This provider has as many links as it may have. Revoke one first.
provider-link-make = Make a link
provider-link-nobody = A link
provider-link-by = From { $sender }, works until { $until }
provider-link-used = last used
provider-link-revoke = Revoke
provider-link-revoke-label = Revoke the link that works until { $until }
provider-link-made = The set-up link is made
provider-link-made-text = Send this address to the admin of the identity provider. It works until { $until }.
provider-link-address = Address
provider-link-once = It is shown this once: only its fingerprint is kept. Whoever has it can set this provider up.
provider-link-done = I have copied it
provider-danger = Delete
provider-danger-text = Deletes the provider and what it knows of people. The users stay.
provider-file-why = The configuration file keeps this provider, so it can be changed there only ([[provider]] in config.toml), and then by restarting or SIGHUP.
provider-stale = Somebody else, or newly fetched metadata, has changed this provider since you opened the page. What you typed is still here; saving again puts it in the place of that change.
provider-stale-see = See how it stands now
check-title = What logins through { $provider } depend on
check-of-metadata = Metadata:
check-of-metadata_url = Address of the metadata:
check-of-clock = Clocks:
check-of-endpoints = Where people are sent:
check-of-certificates = Certificates:
check-of-expiry = How long it lasts:
check-of-keys = Keys:
check-of-settings = Settings:
check-of-discovery = Discovery:
check-of-client = Client:
check-of-addresses = E-mail addresses:
check-of-allowed_domains = Allowed domains:
check-of-enabled = Switch:
check-passed = Good
check-warning = Look at this
check-failed = Not good

# Questions.
provider-enable-title = Switch { $provider } on?
provider-enable-effect = Its button appears on the sign-in page, and people can sign in through it.
provider-disable-title = Switch { $provider } off?
provider-disable-effect = Its button goes from the sign-in page. Sessions that have begun go on until they end.
provider-delete-title = Delete { $provider }?
provider-delete-effect = The connections of people to it are forgotten, the sessions that began through it end at once, and its keys are gone. The identity provider has to be set up anew if you want it back. This cannot be undone.
provider-people =
    { $count ->
        [0] Nobody signs in through it.
        [one] One person signs in through it.
       *[other] { $count } people sign in through it.
    }
provider-only =
    { $count ->
        [0] Nobody depends on it alone.
        [one] One person has no other identity provider and cannot sign in through one then.
       *[other] { $count } people have no other identity provider and cannot sign in through one then.
    }
provider-last-way = It is the last way in for admins. Make sure of another way first: a password or passkey of an admin, or a new admin made on the machine with “doorward user create --admin”.

# What has been done.
done-provider-drafted = The draft is made. Enter these values at the identity provider, then bring its metadata.
done-provider-added = The provider is added, and still switched off. Test it, then switch it on.
done-provider-saved = The settings are saved.
done-provider-metadata = The metadata is taken.
done-provider-enabled = The provider is switched on.
done-provider-disabled = The provider is switched off.
done-provider-deleted = The provider is deleted.
done-provider-moved = The order is changed.
done-provider-keys-begin = The next key is made and published. Finish when the identity provider has read our metadata again.
done-provider-keys-finish = The next key signs now; the old one is gone.
done-provider-keys-cancel = The rollover is cancelled; everything is as it was.
done-provider-link-revoked = The link is revoked.
told-provider-changed = Nothing was done: somebody else changed the provider in the meantime. See how it stands now, then try again.
told-provider-file = Nothing was done: the configuration file keeps this provider.
told-provider-incomplete = It cannot be switched on yet: bring metadata with a signing certificate, and complete the settings.
told-provider-keys = Nothing was done: this step does not fit how the keys stand.
told-provider-untested = Nobody has tested this provider yet.
told-provider-link-kind = Set-up links are for SAML providers.
told-provider-link-gone = That link did not work any more.

# SAML.
saml-sign-requests = Sign our requests
saml-sign-requests-hint = Give the identity provider our metadata, so that it knows our certificate.
saml-require-encryption = Take encrypted answers only
saml-require-encryption-hint = The identity provider must encrypt for the certificate in our metadata.
saml-force-authn = Ask for a new sign-in every time
saml-force-authn-hint = Also when the person is signed in at the identity provider already.
saml-allow-sha1 = Accept SHA-1 signatures
saml-allow-sha1-hint = SHA-1 is broken: with this switch on, signatures are accepted that can be forged with effort. Let the identity provider sign with SHA-256 instead.
saml-binding = How requests travel
saml-binding-redirect = Redirect (usual)
saml-binding-post = POST
saml-name-id = NameID format to ask for
saml-name-id-hint = “Persistent” is best: people stay who they are when their address changes.
saml-name-id-none = Ask for none
saml-name-id-persistent = Persistent
saml-name-id-email = E-mail address
saml-name-id-transient = Transient
saml-name-id-unspecified = Unspecified
saml-context = Authentication contexts to ask for
saml-context-hint = One on each line; leave it empty unless your identity provider needs it.

# OAuth 2.0 and OpenID Connect.
oauth-client = Client
oauth-callback = Callback address (redirect URI), to be entered there
saml-local-logout = Signing out here leaves the session at the identity provider alone
saml-local-logout-hint = Else whoever signs out here is signed out there too, where its metadata says how.
oauth-client-id = Client id
oauth-client-secret = Client secret
oauth-secret-hint = It is kept sealed, and never shown again.
oauth-secret-kept = One is kept. Leave this empty to keep it; it is never shown.
oauth-issuer = Issuer
oauth-tenant = Tenant (Microsoft)
oauth-tenants = Further tenants (Microsoft), one on each line
oauth-hosted_domain = Workspace domain (Google)
oauth-organization = Organisation id (Webex)
oauth-authorization_endpoint = Authorization endpoint, where there is no discovery
oauth-token_endpoint = Token endpoint
oauth-userinfo_endpoint = Userinfo endpoint
oauth-jwks_uri = Address of the keys
oauth-scopes = Scopes
oauth-scopes-hint = Leave it empty for the usual ones.
oauth-upn-as-email = The sign-in name is the address
oauth-upn-as-email-hint = For your own tenant at Microsoft, where tokens carry no address that is vouched for.
oauth-trust-email = Trust addresses without “email_verified”
oauth-trust-email-hint = Only when this provider checks every address itself.
oauth-end_session_endpoint = Sign-out endpoint, where discovery names none
oauth-single-logout = Signing out here signs out at this provider, too
oauth-single-logout-hint = The provider must know the first address below; else people end at an error page of its own.
oauth-logged-out = Post-logout redirect URI
oauth-backchannel = Back-channel logout URI
