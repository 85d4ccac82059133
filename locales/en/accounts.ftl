# Mails: the frame.
mail-hello = Hello { $name },
mail-link-text = If the button does not work, copy this address into your browser:
mail-sent-by = Sent by { $brand }, { $origin }. Nobody reads answers to this mail.

# Mails: an invitation.
mail-activation-subject = Activate your account at { $brand }
mail-activation-text = an account has been made for you at { $brand }. Activate it, and you can sign in.
mail-activation-button = Activate your account
mail-activation-until = The link works once, until { $until }. After that, the page behind it can send you a new one.
mail-activation-not-you = If you did not expect this, you can ignore it: without you nothing happens.
mail-application-subject = { $application }: your account at { $brand }
mail-application-text = you can use { $application } now. Activate your account at { $brand } to sign in.
mail-application-button = Activate your account
mail-application-until = The link works once, until { $until }. After that, the page behind it can send you a new one.
mail-application-not-you = If you did not expect this, you can ignore it: without you nothing happens.

# Mails: a new password.
mail-reset-subject = Set your password at { $brand }
mail-reset-text = somebody, probably you, asked to set the password of your account at { $brand }.
mail-reset-button = Set a password
mail-reset-until = The link works once, until { $until }.
mail-reset-not-you = If it was not you, you can ignore this mail: your password stays as it is.

# Mails: who signs in elsewhere.
mail-provider-subject = How you sign in to { $brand }
mail-provider-text = somebody, probably you, asked for a password at { $brand }. Your account has none: you sign in with “{ $provider }”.
mail-provider-button = Sign in
mail-provider-not-you = If it was not you, you can ignore this mail: nothing has changed.

# Mails: the password was changed.
mail-changed-subject = Your password at { $brand } was changed
mail-changed-text = the password of your account at { $brand } was changed on { $at }. All other devices are signed out.
mail-changed-not-you = If it was not you, ask your IT team at once.

# The password form.
login-password-email = E-mail address
login-password = Password
login-password-button = Sign in
login-password-forgotten = Forgot your password, or never had one?
login-password-again = This page had been open too long. Type your password once more.
login-password-wrong = The address or the password is wrong. Check both and try again.
login-password-wait = Too many tries. Wait { $count ->
    [one] a minute
   *[other] { $count } minutes
  } and try again.
login-ready = Your account is ready. Sign in with your new password.
login-activated = Your account is activated. You can sign in now.
login-password-changed = Your password is set. Sign in with it.
login-heading-password = Sign in with a password

# The way in that only the machine opens.
way-in-title = Sign in as administrator
way-in-text = This link was made on the machine that runs the gateway. It works once, until { $until }.

# Choosing a password.
password-new = New password
password-old = Current password
password-hint = At least 12 characters. Several words make a good one.
password-missing = Choose a password.
password-short = Use at least 12 characters.
password-long = This is too long. Use at most 1,024 characters.
password-control = This holds characters that cannot be typed. Use others.
password-common = This is easily guessed. Use words that do not belong together, or more of them.
password-personal = This is made of your name or your organisation’s. Use something else.
password-old-wrong = This is not your current password.
password-wait = Too many tries. Wait a few minutes and try again.

# Links.
link-activate-title = Activate your account
link-activate-text = This link activates the account of { $email }.
link-activate-choose = Choose the password with which you will sign in.
link-activate-button = Activate account
link-reset-title = Set your password
link-reset-text = This link sets the password of { $email }.
link-reset-button = Set password
link-until = The link works once, until { $until }.
link-reset-ends = You will be signed out on all devices.
link-expired-title = This link has run out
link-expired-text = Links work for a limited time only. We can send a new one to the address that it was made for.
link-expired-text-no-mail = Links work for a limited time only. Ask your IT team for a new one.
link-expired-button = Send a new link
link-used-title = This link was used already
link-used-text = It works once only. If your account is ready, sign in; otherwise ask for a new password.
link-unknown-title = This link does not work
link-unknown-text = It may be incomplete, or it was replaced. Copy the whole address from the mail, or ask your IT team.
link-sign-in = Sign in
link-renewed-title = Look into your mail
link-renewed-text = If the account is still open to you, a new link is on its way. It may take a few minutes.

# Asking for a password.
reset-title = Set a password
reset-text = We send a link to your e-mail address. With it you set a new password, also if you never had one.
reset-email = E-mail address
reset-button = Send the link
reset-email-invalid = This doesn’t look like an e-mail address. Check it and try again.
reset-wait = That is asked for too often. Wait { $count ->
    [one] a minute
   *[other] { $count } minutes
  } and try again.
reset-sent-title = Look into your mail
reset-sent-text = If there is an account with this address, a mail is on its way. It may take a few minutes. Look into the spam folder too.
reset-no-mail = Mails cannot be sent from here at the moment. Ask your IT team for a new password.
reset-back = Back to signing in

# The password on the account page.
account-password = Password
account-password-has = You can sign in with your e-mail address and a password.
account-password-none = You have no password.
account-password-provider = You sign in with “{ $provider }”, so there is no password here.
account-password-change = Change password
account-password-set = Set a password
account-password-changed = Your password is changed. Your other devices are signed out.
account-password-title-set = Set a password
account-password-title-change = Change your password
account-password-effect = All your other devices will be signed out.
account-password-save = Save password
account-password-cancel = Cancel
account-password-again-title = Sign in again first
account-password-again = To set a password, sign in again: this shows that it is you.
account-password-again-button = Sign in again

error-passwords-off-title = Passwords are not used here
error-passwords-off-text = Signing in with a password is switched off.
error-passwords-off-next = Choose another way to sign in, or ask your IT team.

# Mails: an application for somebody who has an account.
mail-ready-subject = { $application } is ready for you
mail-ready-text = you can use { $application } now, with your account at { $brand }.
mail-ready-button = Sign in

# Mails: a key to activate.
mail-key-passkey-subject = Add your passkey for { $brand }
mail-key-passkey-text = a passkey has been set up for you at { $brand }, named “{ $name }”. Open the link on the device that is to keep it, and you can sign in without a password.
mail-key-passkey-button = Add the passkey
mail-key-smartphone-subject = Make your phone a key for { $brand }
mail-key-smartphone-text = your phone can be your key at { $brand } (“{ $name }”). Open the link on the phone. If you read this on a computer, open it here: the page shows a code for the phone’s camera.
mail-key-smartphone-button = Activate the phone
mail-key-card-subject = Activate your card for { $brand }
mail-key-card-text = a contactless card has been assigned to you at { $brand }: “{ $name }”. Have it at hand at a computer with a card reader, and open the link there.
mail-key-card-button = Activate the card
mail-key-hardware-key-subject = Register your security key at { $brand }
mail-key-hardware-key-text = a security key has been assigned to you at { $brand }: “{ $name }”. Have it at hand, and open the link at the computer that you use it with.
mail-key-hardware-key-button = Register the security key
mail-key-until = The link works once, until { $until }. After that, the page behind it can send you a new one.
mail-key-not-you = If you did not expect this, you can ignore it: without you nothing happens.
