# The dashboard's frame.
admin-link = Dashboard
admin-nav-label = Dashboard
admin-menu = Menu

# Lists.
list-apply = Show
list-reset = Show all
list-pages = Pages
list-first = First page
list-next = Next page
list-nothing = Nothing matches.

# Forms.
form-wrong =
    { $count ->
        [one] Nothing was saved: one entry needs another look.
       *[other] Nothing was saved: { $count } entries need another look.
    }
form-required = This must be filled in.
form-too-long = This may have at most { $most } characters.
form-hidden = This holds a character that cannot be seen. Type it anew.
form-twice = This was sent twice. Load the page again.
form-save = Save
form-cancel = Cancel

# Questions.
confirm-cancel = Cancel
confirm-back = Back

# Values to copy.
copy = Copy
copy-done = Copied

# Roles and statuses.
role-admin = Admin
role-user-manager = User manager
role-auditor = Auditor
status-active = Active
status-inactive = Deactivated
status-pending = Pending

# The channels.
channel-saml = SAML sign-in
channel-oauth = OpenID sign-in
channel-scim = SCIM
channel-google-groups = Google Groups
channel-entra = Entra ID groups
channel-import = Import
channel-sftp = SFTP import
channel-manual = By hand

# A form of another session.
again-title = Please send this once more
again-text = This page belonged to another session, so nothing has been changed. You are signed in as { $name } now. What you typed is kept.
again-typed = What you typed
again-secret = Type this again: { $field }
again-send = Send again
again-anew = Open the page anew
