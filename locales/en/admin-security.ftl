# Security.
security-title = Security
security-passwords = Signing in with a password
security-state-on = On
security-state-off = Off
security-passwords-on = People may sign in with a password that the gateway keeps.
security-passwords-off = Nobody signs in with a password. There is no form, and no mail for a new password is sent.
security-way-back = The way back in when every provider is broken, on the machine that runs the gateway:
security-off = Switch off…
security-on = Switch on…
security-off-title = Switch passwords off?
security-off-text = The form goes from the sign-in page, and no password is taken any more. Sessions go on.
security-off-count = { $count ->
    [0] Everybody who has a password has another way in too.
    [one] One person has a password and no other way in, and cannot sign in any more.
   *[other] { $count } people have a password and no other way in, and cannot sign in any more.
  }
security-off-way-back = When every provider is broken, an administrator gets back in with “doorward user way-in” on the machine.
security-off-proof = This asks for proof that there is another way in: sign in through a provider first, in this browser, and come back. You have signed in otherwise.
security-off-button = Switch off
security-on-title = Switch passwords on?
security-on-text = The form comes back to the sign-in page. Passwords that people had before work again.
security-on-button = Switch on
security-mails = Mail
security-no-mail = No mail server is configured ([smtp]), so no mail is sent. Invitations show their link to administrators instead.
security-waiting = Waiting
security-failed = Given up
security-mail-to = To
security-mail-kind = About
security-mail-state = State
security-mail-written = Written
security-mail-do = Action
security-mail-retry = Try again
security-mail-retry-label = Try the mail to { $to } again
security-mail-tries = { $count ->
    [one] After one try:
   *[other] After { $count } tries:
  }
mail-kind-activation = Invitation
mail-kind-reset = New password
mail-kind-provider = How to sign in
mail-kind-password-changed = Password changed
mail-state-waiting = Waiting
mail-state-sending = Being sent
mail-state-sent = Sent
mail-state-failed = Given up
done-security-on = Passwords are switched on.
done-security-off = Passwords are switched off.
told-security-proof = Nothing was changed: sign in through a provider first, which shows that there is another way in.
done-security-mail-retried = The mail is tried again.
told-security-mail-gone = That mail is not there any more, or is being sent.

# Inviting a user.
users-invite = Invite
users-invite-title = Invite { $name }?
users-invite-mail = A mail with a link goes to { $email }.
users-invite-link = There is no mail server, so the link is shown to you, once. Give it to nobody but this person: it opens the account.
users-invite-text = The link works for seven days, once. It verifies the address and lets the person choose a password.
users-invite-inactive = This person is deactivated. Reactivate them first.
users-invite-no-address = This person has no e-mail address.
users-invite-role = This person has a role here. An administrator invites them.
users-invite-no-mail = There is no mail server, so the link would be shown. Only administrators see such links.
users-invited-title = Pass this link on
users-invited-text = { $name } activates the account with it. It is not shown again.
users-invited-label = Link
done-user-invited = The invitation is on its way.
mail-kind-application = Application
mail-kind-key = Security key
