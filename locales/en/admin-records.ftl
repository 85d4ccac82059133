# The dashboard's pages on login traces, the audit log, and a person's history.
lines-download = Download
narrow-from = From
narrow-to = Until
narrow-no-day = This is no day. Write it as 2026-11-21.
changes-title = Values before and after
changes-field = Field
changes-before = Before
changes-after = After
changes-nothing = nothing
changes-none = No values changed.

# Login traces.
logins-title = Logins
logins-empty = Every attempt to sign in will stand in this list, with what came of it.
logins-what = What happened
logins-person = Person
logins-person-more = More than { $most } people match, and only the first are shown. Write the whole e-mail address.
logins-user-gone = A user who was deleted
logins-nobody = Nobody known
logins-provider = Provider
logins-provider-all = Any provider
logins-outcome = Outcome
logins-outcome-all = Any outcome
logins-kind = Kind
logins-kind-all = Any kind
logins-reference = Reference
logins-code = Code
logins-at = When
outcome-success = Signed in
outcome-refused = Refused
outcome-failed = Failed
outcome-long-success = The person signed in
outcome-long-refused = The gateway refused the sign-in
outcome-long-failed = The sign-in failed
attempt-saml = SAML
attempt-oauth = OpenID or OAuth
attempt-test = Test login
attempt-metadata = Fetching metadata
attempt-discovery = Fetching discovery

login-trace-title = Login
login-trace-attempt = The attempt
login-trace-no-user = no user has this address
login-trace-matched = Recognised by
login-trace-reference-hint = What the person reads out
login-trace-compared = What was compared
login-trace-expected = Expected
login-trace-received = Received
login-trace-received-nothing = Nothing came.
login-trace-remedy = What to change
login-trace-value = The value to enter
login-trace-changes = What the sign-in changed
login-trace-attributes = Attributes that arrived
login-trace-document = The message itself
login-trace-document-show = Show it, without secrets
matched-scim_id = SCIM id
matched-external_id = external id (NameID or subject)
matched-upn = UPN
matched-email = e-mail address
side-idp = This has to be changed at the identity provider.
side-gateway = This has to be changed here, at the gateway.
side-user = The person has to do something.
side-network = The fault lies on the way between the two.

# The audit log.
audit-title = Audit
audit-empty = Everything that is changed will stand in this list: who, what, before, after.
audit-action = What
audit-action-code = Action
audit-actor = Who (name or id)
audit-actor-short = Who
audit-actor-kind = Kind of actor
audit-actor-kind-all = Anybody
audit-target = To whom or what
audit-target-id = Target (id or slug)
audit-target-kind = Kind of target
audit-target-kind-all = Anything
audit-changes = Changed
audit-at = When
audit-event = The event
audit-by-actor = everything by this actor
audit-of-target = everything about this target
actor-user = User
actor-token = API token
actor-command_line = Command line
actor-channel = Channel
actor-gateway = The gateway itself
target-user = User
target-group = Group
target-provider = Provider
target-application = Application
target-token = API token
target-signing_key = Signing key
target-webhook = Webhook
target-settings = Settings

action-user-created = User created
action-user-updated = User changed
action-user-deleted = User deleted
action-user-deactivated = User deactivated
action-user-reactivated = User reactivated
action-user-activated = User activated
action-user-made-pending = User set to pending
action-user-roles-changed = Roles changed
action-user-signed-out = User signed out everywhere
action-user-identity-linked = Sign-in connected
action-user-identity-unlinked = Sign-in disconnected
action-user-identifiers-cleared = UPN and external ids cleared
action-user-link-dismissed = Refused link kept apart
action-user-invited = User invited
action-user-email-verified = E-mail address confirmed
action-user-password-set = Password set
action-user-password-changed = Password changed
action-user-way-in-opened = Way back in opened on the machine
action-user-passkey-added = Passkey added
action-user-passkey-renamed = Passkey renamed
action-user-passkey-revoked = Passkey revoked
action-user-passkey-assigned = Passkey assigned
action-user-passkey-activated = Passkey activated
action-user-passkey-link-made = Passkey link made
action-user-passkey-pin-made = Passkey PIN made
action-user-passkey-counter-regressed = Passkey counter went back
action-group-created = Group created
action-group-updated = Group changed
action-group-deleted = Group deleted
action-group-member-added = Joined a group
action-group-member-removed = Left a group
action-provider-created = Provider created
action-provider-updated = Provider changed
action-provider-deleted = Provider deleted
action-provider-metadata-changed = Provider’s metadata changed
action-provider-certificate-appeared = Provider’s certificate appeared
action-provider-expires-soon = Provider’s certificate ends soon
action-provider-expired = Provider’s certificate has ended
action-provider-key-added = Provider’s key added
action-provider-key-retired = Provider’s key retired
action-provider-key-withdrawn = Provider’s key withdrawn
action-provider-setup-link-made = Set-up link made
action-provider-setup-link-used = Set-up link used
action-provider-setup-link-revoked = Set-up link revoked
action-application-created = Application created
action-application-updated = Application changed
action-application-deleted = Application deleted
action-application-assigned = Application assigned
action-application-unassigned = Application’s assignment taken away
action-application-secret-rotated = Application’s secret renewed
action-token-created = API token created
action-token-deleted = API token deleted
action-signing-key-created = Signing key created
action-signing-key-deleted = Signing key deleted
action-provider-moved = Provider moved in the order
action-provider-test-login = Test login made
action-application-access-taken-back = Access to an application taken back
action-user-link-forgotten = Refused link taken off the list
action-webhook-created = Webhook created
action-webhook-updated = Webhook changed
action-webhook-deleted = Webhook deleted
action-webhook-disabled = Webhook switched off
action-webhook-secret-rotated = Webhook’s secret renewed
action-webhook-test = Webhook tried
action-settings-changed = Settings changed

# A person's history.
history-title = History of { $name }
history-active = This user is active and can sign in. Last sign-in:
history-active-never = This user is active and can sign in, but has never done so.
history-pending = This user was invited and has not signed in yet.
history-not-yet = This user is active, but cannot sign in before { $from }: the validity begins then.
history-expired = This user is active, but cannot sign in any more: the validity ended on { $until }.
history-inactive = This user cannot sign in: deactivated by { $actor } ({ $kind }),
history-inactive-unknown = This user cannot sign in: deactivated, and the audit log does not say by whom.
history-happened = What happened
history-empty = Nothing is recorded of this user.
history-origins = Where the values come from
history-origins-hint = A channel that keeps a field overwrites it again: change the value there.
history-nobodys = anybody may change it
history-since = since
history-matched-scim_id = Recognised by the SCIM id.
history-matched-external_id = Recognised by the external id (NameID or subject).
history-matched-upn = Recognised by the UPN.
history-matched-email = Recognised by the e-mail address.

# API tokens.
tokens-title = API tokens
tokens-empty = Scripts that use the API have tokens, and those will stand in this list.
tokens-new = New token
tokens-name = Name
tokens-name-hint = What it is for, so that somebody else can tell later.
tokens-scopes = What it may do
tokens-created-by = Created by
tokens-expires = Ends
tokens-expired = Ended
tokens-lasts = Never
tokens-used = Last used
tokens-delete = Delete
tokens-delete-label = Delete the token { $name }
tokens-lifetime = How long it lasts
tokens-lifetime-hint = A token ends with its maker’s access, too.
tokens-lifetime-7 = 7 days
tokens-lifetime-30 = 30 days
tokens-lifetime-90 = 90 days
tokens-lifetime-365 = 1 year
tokens-lifetime-date = Until the day below
tokens-lifetime-never = It does not end
tokens-date = Last day, where a day was chosen
tokens-date-wrong = This must be a day that is not over, 2026-12-31.
tokens-create = Create token
tokens-made = Token created
tokens-secret = The token
tokens-secret-once = Copy it now. It is shown this once: only its hash is kept here.
tokens-secret-use = Scripts send it as
tokens-done = I have copied it
tokens-refused = This cannot be taken.
tokens-scope-none = Choose at least one.
tokens-scope-unknown = One of these does not exist. Load the page again.
tokens-scope-scim = A SCIM connection stands alone: a token for it does nothing else.
tokens-delete-title = Delete the token { $name }?
tokens-delete-effect = Scripts that use it are refused from now on. It cannot be brought back.
tokens-delete-used = It was last used: { $at }.
tokens-delete-unused = It was never used.
tokens-delete-button = Delete token
done-token-deleted = The token was deleted.
told-token-gone = That token was deleted in the meantime.
told-token-made-before = This form was sent before, and the token was made then. If you did not copy it, delete it and make another one.
scope-admin = everything
scope-users-read = read users
scope-users-write = create, change and deactivate users
scope-users-import = import files
scope-groups-read = read groups
scope-groups-write = create, change and delete groups and memberships
scope-providers-write = read and change identity providers
scope-audit-read = read the audit log and login traces
scope-scim = one SCIM connection

# Settings.
settings-title = Settings
settings-on = on
settings-off = off
settings-follow = As the configuration file says ({ $value })
settings-discovery = Ask for the e-mail address at sign-in
settings-discovery-hint = The sign-in page then picks the provider by the address’s domain.
settings-passkeys = Passkeys and security keys
settings-passkeys-hint = Whether people can add them and sign in with them.
settings-domains = Allowed domains
settings-domains-hint = One a line: example.com, *.example.com for the levels below, * for every domain. They hold for every provider, beside its own. An empty list admits nobody.
settings-domains-source = Which domains hold
settings-domains-file = Those of the configuration file
settings-domains-own = Those below
settings-domains-file-hint = The configuration file says: { $domains }
settings-domains-none = none, which admits nobody
settings-domains-many = These are too many domains; 1,000 at most.
settings-domain-wrong = { $domain } is no domain: write example.com, *.example.com or *.
settings-changed = Somebody else changed the settings meanwhile, and nothing was saved. What you typed is below; saving again puts it in the place of that change.
settings-reload = Load what holds now
settings-fixed = In the configuration file
settings-fixed-hint = These are changed in config.toml and need a restart.
settings-public-url = Public address
settings-lifetime = Sessions end after
settings-idle = Without use after
settings-validity = Validity of users is enforced
settings-minutes =
    { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
done-settings-saved = The settings were saved.

# Clearing identifiers.
identifiers-title = Clear UPNs and external ids
identifiers-text = For people whose UPN changes at the identity provider. Their UPN and external ids are taken away here, so that their next sign-in can set new ones; they are recognised by their e-mail address.
identifiers-names = E-mail addresses or UPNs
identifiers-names-hint = One a line, or with commas between them.
identifiers-users = Users chosen in the list (ids)
identifiers-users-wrong = These must be ids of users.
identifiers-group = Or everybody in a group
identifiers-group-hint = The number of members stands behind the name.
identifiers-no-group = No group
identifiers-group-gone = There is no such group any more.
identifiers-nobody = Name somebody, or choose a group.
identifiers-many = These are more than { $most } people. Take fewer at once.
identifiers-preview = Show who that is
identifiers-question =
    { $count ->
        [0] Nobody’s identifiers would be cleared
        [one] Clear the identifiers of 1 user?
       *[other] Clear the identifiers of { $count } users?
    }
identifiers-button =
    { $count ->
        [one] Clear the identifiers of 1 user
       *[other] Clear the identifiers of { $count } users
    }
identifiers-effect = What will happen
identifiers-effect-cleared = Their UPN and all their external ids are taken away.
identifiers-effect-sessions = They are signed out everywhere.
identifiers-effect-next = Their next sign-in finds them by the e-mail address, if the provider vouches for it and links by address, and sets the new UPN and external id.
identifiers-effect-undo = The values before stay in the audit log, one event for each user.
identifiers-people = Whose identifiers are cleared
identifiers-more =
    { $count ->
        [one] and 1 more user
       *[other] and { $count } more users
    }
identifiers-spared = Who is left alone
identifiers-without = Have neither UPN nor external id
identifiers-lost = Have no e-mail address, so nothing would find them again
identifiers-administrators = Administrators: no sign-in is linked to them by address
identifiers-unknown = Belong to nobody here
identifiers-ambiguous = Are one user’s address and another one’s UPN
identifiers-oneself = You yourself
identifiers-with-administrators = Include the administrators
identifiers-with-oneself = Include myself
identifiers-look-again = These are no longer the people that you were shown, or they changed. Look again, then confirm.
done-identifiers-cleared =
    { $count ->
        [one] The identifiers of 1 user were cleared.
       *[other] The identifiers of { $count } users were cleared.
    }
told-identifiers-changed = These people changed at this very moment, and nothing was cleared. Look again.
