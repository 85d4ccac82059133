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
