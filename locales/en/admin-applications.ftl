# The dashboard's pages on applications.
applications-title = Applications
applications-new = New application
applications-create = Create application
applications-empty = What people use behind the gateway will stand in this list: applications that sign in by OpenID Connect, applications behind a reverse proxy, and plain links.
application-name = Name
application-name-hint = What people call it; it stands on their tile.
application-slug = Short name
application-slug-hint = Small letters, digits and -. It is the client id and the audience of tokens, and never changes.
application-slug-wrong = This must have 1 to 63 of a–z, 0–9 and -, with a letter or digit at both ends.
application-kind = How people get in
application-kind-hint = It never changes.
application-kind-oidc = OpenID Connect
application-kind-forward_auth = Through a reverse proxy
application-kind-link = A link
application-access = Who may use it
application-access-public = Everybody who is active
application-access-internal = Everybody who is active, but no guests
application-access-private = Only users and groups that are assigned
application-place = Where
application-on = On
application-off = Off
application-enabled = Switched on
application-enabled-hint = Switched off, nobody gets in and no tile is shown.
application-launch-url = Address
application-launch-url-hint = Where its tile leads.
application-logo-url = Picture on its tile
application-logo-url-hint = An address that begins with https://.
application-changed = Last changed
application-general = The application
application-edit = Edit
application-edit-claims = Edit claims
application-edit-title = Edit { $name }
application-part-openid = OpenID Connect
application-part-forward = Reverse proxy
application-taken = { $value } belongs to another application already.
application-changed-meanwhile = Somebody else changed this application meanwhile, and nothing was saved. What you typed is below; saving again puts it in the place of that change.
application-one-a-line = One a line.
application-pair-wrong = { $line } is no pair: write name = field.
application-pair-twice = { $name } stands twice.
application-rule-wrong = { $rule } is not known: write signed_in, anonymous or deny.
application-no-number = This must be a number.
application-no-json = This is no JSON.

application-redirect-uris = Redirect URIs
application-redirect-uris-hint = One a line, to the letter as the application sends them.
application-post-logout-redirect-uris = Where browsers may go after signing out
application-confidential = It can keep a secret
application-confidential-hint = Applications on a server can; those in a browser or on a phone cannot.
application-require-pkce = Require PKCE
application-require-pkce-hint = Only old clients on a server may go without.
application-without-pkce = This client signs people in without PKCE. Switch it on as soon as the application can.
application-first-party = It belongs to the company
application-first-party-hint = People are asked for their consent to others only.
application-grant-types = What it may ask the token endpoint for
application-scopes = Scopes
application-claims = Further claims
application-claims-hint = One a line: claim = field of the user, as in department = department or cost = extensionAttribute1.
application-code-lifetime = Seconds that a code lives
application-code-lifetime-hint = 5 to 600.
application-id-token-alg = How ID tokens are signed
application-userinfo-alg = How userinfo is signed
application-userinfo-json = Not at all: plain JSON
application-auth-method = How it proves itself at the token endpoint
application-method-secret = By its secret, in either form
application-jwks = Its public keys (JWK set)
application-jwks-hint = For private_key_jwt: these, or the address below.
application-jwks-uri = Where it publishes its keys
application-subject-type = Which identifier of people it sees
application-subject-public = The same as every application
application-subject-pairwise = One of its own
application-sector = Sector of its own identifiers
application-sector-hint = A host; needed where redirect URIs have several.
application-backchannel-logout-uri = Where it is told that somebody has signed out
application-backchannel-hint = Back-channel logout; leave it empty where the application has none.

application-hosts = Hosts
application-hosts-hint = One a line: wiki.example.com, with the port where it is not the usual one.
application-path-rules = Rules for paths
application-path-rules-hint = One a line, the first that fits counts: /health = anonymous, /internal/* = deny, /app/* = signed_in.
application-path-signed_in = whoever may use the application
application-path-anonymous = everybody, signed in or not
application-path-deny = nobody
application-headers = Further headers
application-headers-hint = One a line: header = field of the user, as in X-Department = department.
application-group-separator = Between the names of groups
application-separator-comma = a comma
application-separator-semicolon = a semicolon
application-separator-bar = a bar
application-separator-blank = a blank
application-cors = CORS preflights pass
application-cors-hint = They carry no cookie; the application itself must answer them safely.
application-proxies = What to write into the proxy’s configuration
application-proxies-hint = The proxy’s address must stand in trusted_proxies in config.toml.

application-values = What to enter at the application
application-values-hint = Most applications need only the first and the last, and the secret.
application-issuer = Issuer
application-discovery = Discovery
application-client-id = Client id
application-client-secret = Client secret
application-secret-title = Client secret
application-secret-once = Copy it now. It is shown this once: only its hash is kept here.
application-secret-kept = The client’s secret was made:
application-rotate = Make another one
application-rotate-title = Make another secret for { $name }?
application-rotate-effect = The application’s present secret is of no use from then on: nobody can sign in to it until it has the new one.
application-rotate-then = The new one is shown once, on the next page.
application-rotate-button = Make another secret
application-no-secret = This application has no secret: it is no OpenID client, a public one, or it signs with a key of its own.

application-assignments = Assignments
application-assigned = Who is assigned
application-assigned-nobody = Nobody is assigned.
application-nobody-assigned = Nobody is assigned, so nobody can use it yet.
application-assigned-unused = These do not count while everybody may use it.
application-assigned-more = All who are assigned
application-a-group = Group
application-assign-more = Assign
application-assign-search = Search users and groups
application-assign-find = Search
application-assign = Assign
application-assign-label = Assign { $name }
application-unassign = Take away
application-unassign-label = Take the application away from { $name }

application-danger = Delete
application-delete-link = Delete this application
application-delete-title = Delete { $name }?
application-delete-button = Delete application
application-delete-oidc = Nobody can sign in to it any more, and all tokens that it holds are void at once.
application-delete-forward = The proxies of { $hosts } refuse every request from then on.
application-delete-tile = Its tile is gone from people’s pages.
application-delete-assigned =
    { $count ->
        [0] Nobody is assigned to it.
        [one] 1 assignment goes with it.
       *[other] { $count } assignments go with it.
    }
application-delete-for-good = It cannot be brought back.

done-application-created = The application was created.
done-application-saved = The application was saved.
done-application-deleted = The application was deleted.
done-application-assigned = Assigned.
done-application-unassigned = The assignment was taken away.
told-application-gone = That application was deleted in the meantime.
told-application-changed = The application was changed in the meantime, and nothing was done. Look again.
told-application-nobody = There is no such user or group any more.
