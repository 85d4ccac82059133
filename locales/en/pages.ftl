# The way to the company's sign-in.
relay-title = One moment
relay-text = We are taking you to your company’s sign-in.
relay-button = Continue

# An application that somebody may not use.
not-admitted-title = You don’t have access to { $application }
not-admitted-text = You are signed in as { $account }. This account is not allowed to open { $application }.
not-admitted-next = Switch to another account, or ask for access.
not-admitted-switch = Switch account
not-admitted-ask = Ask for access
not-admitted-mail-subject = Access to { $application }
not-admitted-mail-body = I would like access to { $application } with my account { $account }.

# Signing in.
login-title = Sign in
login-lead = Choose how you sign in.
login-signed-out = You are signed out.
login-other-account = To use another account, sign out at your company’s sign-in first, or choose a private browser window.
login-again = The application asks you to sign in again.
login-email-label = Work e-mail address
login-email-continue = Continue
login-email-unknown = We don’t know a sign-in for this address. Check it, or choose one below.
login-email-invalid = This doesn’t look like an e-mail address. Check it and try again.
login-or = or
login-with-google = Sign in with Google
login-with-microsoft = Sign in with Microsoft
login-with-webex = Sign in with Webex
login-last-used = Last used
login-none-title = Signing in is not set up yet
login-none-text = There is no way to sign in at the moment. Ask your IT team.

# Signing out.
logout-title = Sign out?
logout-text = You are signed in as { $name }.
logout-for-application = { $application } asks to sign you out.
logout-confirm = Sign out
logout-cancel = Stay signed in
signed-out-title = You are signed out
signed-out-text = You may still be signed in at your company’s sign-in. On a shared device, close the browser as well.
signed-out-there = You are signed out at your company’s sign-in as well. On a shared device, close the browser too.
signed-out-again = Sign in again

# The account page.
account-title = Your account
account-nav-label = Account
account-sign-out = Sign out
account-applications = Applications
account-profile = Profile
account-profile-empty = Nothing is known of you but your account itself.
account-identities = Where you sign in
account-identities-text = Your account is connected to these sign-ins.
account-identities-empty = No sign-in is connected to your account yet.
account-identity-times = Connected { $since }, last used { $used }
account-identity-off = Switched off
account-identity-only = This is your only way to sign in, so it stays connected.
account-identity-unlink = Disconnect
account-identity-unlink-label = Disconnect { $provider }, { $subject }
account-identity-unknown = That sign-in was disconnected already.
account-link = Connect another sign-in
account-link-text = Sign in there once. From then on it leads to this account too.
account-link-button = Connect { $provider }
account-linked = The sign-in is connected to your account now.
account-linked-already = That sign-in was connected to your account already.
account-unlinked = The sign-in is disconnected. Other devices that were signed in with it are signed out.
account-last-way-in = That sign-in stays connected, because without it you could not sign in any more. Connect another one first.
account-consents = Applications with access
account-consents-text = These may know something of you. Take it back, and they learn nothing more, and are signed out of what they do while you are away; what they know already, they know. When you use one again, you are asked again.
account-consent-since = Since { $since }
account-consent-take-back = Take back
account-consent-take-back-label = Take access back from { $application }
account-consent-taken-back = The application has no access any more.
account-consent-nothing = The application had no access any more.
account-sessions = Devices
account-sessions-text = Where you are signed in at the moment.
account-session-current = This device
account-session-times = Signed in { $since }, last active { $seen }
account-session-address = From { $address }
account-session-end = Sign out
account-session-end-label = Sign out { $device }, signed in { $since }
account-sessions-end-others = Sign out everywhere else
account-session-ended = That device is signed out.
account-sessions-ended = All your other devices are signed out.
account-session-unknown = That device was signed out already.

# Taking a sign-in off the account.
unlink-title = Disconnect { $provider }?
unlink-text = This sign-in will not lead to your account any more. Other devices that are signed in with it are signed out.
unlink-confirm = Disconnect
unlink-cancel = Keep it connected

# Where a value comes from.
source-saml = from your company’s sign-in
source-oauth = from your company’s sign-in
source-scim = from your company’s directory
source-google-groups = from your company’s directory
source-entra = from your company’s directory
source-import = from a list of your IT team
source-sftp = from a list of your IT team
source-manual = entered by your IT team

# The fields of the profile.
field-user_name = User name
field-upn = Sign-in name
field-email = E-mail
field-name = Name
field-given_name = First name
field-family_name = Last name
field-department = Department
field-job_title = Job title
field-phone = Phone
field-mobile = Mobile
field-language = Language
field-cost_center = Cost centre
field-extension_attributes = Further details
field-custom_attributes = Further details of your organisation
field-photo_url = Photo
field-valid_from = Valid from
field-valid_to = Valid until

# Devices, as browsers describe themselves.
device-unknown = Unknown device
device-on = { $browser } on { $system }

consent-title = Let { $application } use your details?
consent-text = { $application } is not one of your organisation’s own apps. If you agree, it gets the following, at { $host }:
consent-openid = that you signed in, and when
consent-profile = your name and language
consent-email = your e-mail address
consent-groups = the groups that you belong to
consent-phone = your phone number
consent-offline = access to these details while you are away
consent-further = further details: { $fields }
consent-account = You are signed in as { $account }.
consent-allow = Allow
consent-deny = Don’t allow
