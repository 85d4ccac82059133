# What people read when something does not work out: what happened, in one
# calm sentence, and what they can do next. No jargon, no blame.

error-actions-label = What you can do
error-retry = Try again
error-other-account = Use another account
error-home = Go to the start page
error-reference-label = Your reference number
error-reference-hint = Have this number ready when you ask for help.
error-contact = Contact

error-not-verified-title = We can’t confirm your sign-in
error-not-verified-text = Your company’s sign-in answered, but the answer can’t be confirmed, so you are not signed in.
error-not-verified-next = Try again. If you see this page twice, ask your IT team and give them the number below.

error-start-again-title = Please start again
error-start-again-text = This sign-in was started in another browser, or some time ago.
error-start-again-next = Start again from here, and finish in the same browser.

error-already-used-title = This sign-in was already used
error-already-used-text = Each sign-in works once, and this one was used before, for example because the page was loaded a second time.
error-already-used-next = If you are not signed in, start again from here.

error-wrong-time-title = The clocks don’t agree
error-wrong-time-text = Your company’s sign-in answered, but its clock and ours differ, or it took very long. So we can’t confirm your sign-in.
error-wrong-time-next = Try again. If you see this page twice, ask your IT team and give them the number below.

error-provider-failed-title = Your company’s sign-in had a problem
error-provider-failed-text = It answered that it could not sign you in.
error-provider-failed-next = Try again in a few minutes. If it lasts, ask your IT team and give them the number below.

error-provider-refused-title = Your account is not allowed to use this
error-provider-refused-text = Your company’s sign-in says that your account is not allowed to use this.
error-provider-refused-next = Ask your IT team and give them the number below.

error-declined-title = The sign-in was not finished
error-declined-text = Your company’s sign-in says that it was broken off before the end.
error-declined-next = Try again. If you can’t get further, ask your IT team and give them the number below.

error-no-account-title = There is no account for you yet
error-no-account-text = Your company’s sign-in knows you, but you have no account here yet.
error-no-account-next = Ask your IT team for an account and give them the number below.

error-domain-not-allowed-title = This address can’t sign in here
error-domain-not-allowed-text = Your e-mail address belongs to a domain that is not set up for this sign-in.
error-domain-not-allowed-next = If you have another work account, use that one. Otherwise ask your IT team and give them the number below.

error-account-inactive-title = Your account is switched off
error-account-inactive-text = You have an account here, but it is not active at the moment.
error-account-inactive-next = Ask your IT team to switch it on again and give them the number below.

error-account-not-yet-valid-title = Your account starts later
error-account-not-yet-valid-text = Your account is ready, but its first day has not come yet.
error-account-not-yet-valid-next = If you need it earlier, ask your IT team and give them the number below.

error-account-no-longer-valid-title = Your account has ended
error-account-no-longer-valid-text = The last day of your account has passed.
error-account-no-longer-valid-next = If you still need it, ask your IT team and give them the number below.

error-identity-conflict-title = Your account needs a look by IT
error-identity-conflict-text = Your e-mail address or name already belongs to another account here, so we can’t be sure which one is yours.
error-identity-conflict-next = Ask your IT team and give them the number below. They can connect the two.

error-linked-elsewhere-title = This sign-in belongs to another account
error-linked-elsewhere-text = The sign-in you have just used is connected to another account here, so we did not connect it to yours.
error-linked-elsewhere-next = If that account is yours too, sign in to it and disconnect the sign-in there first. Otherwise ask your IT team and give them the number below.

error-details-missing-title = Some of your details are missing
error-details-missing-text = Your company’s sign-in does not tell us your e-mail address, and without it we can’t find your account.
error-details-missing-next = Ask your IT team and give them the number below.

error-unsolicited-start-title = Please start here
error-unsolicited-start-text = Starting from your company’s app overview is not set up yet.
error-unsolicited-start-next = Sign in from here instead. Your IT team can set up the other way; the number below tells them what to do.

error-provider-unknown-title = This way to sign in is not available
error-provider-unknown-text = The link you followed leads to a sign-in that does not exist or is switched off.
error-provider-unknown-next = Go to the sign-in page and choose from there.

error-provider-misconfigured-title = This sign-in is not ready
error-provider-misconfigured-text = The connection to your company’s sign-in is not set up completely.
error-provider-misconfigured-next = Ask your IT team and give them the number below.

error-provider-unreachable-title = Your company’s sign-in does not answer
error-provider-unreachable-text = We can’t reach it at the moment.
error-provider-unreachable-next = Try again in a few minutes. If it lasts, tell your IT team the number below.

error-too-many-tries-title = Please wait a moment
error-too-many-tries-text = There have been many tries in a short time.
error-too-many-tries-next = Wait a minute, then try again.

error-unavailable-title = We’ll be right back
error-unavailable-text = Signing in is not possible at the moment. Nothing of yours is lost.
error-unavailable-next = Try again in a minute. If it lasts, tell your IT team the number below.

error-not-found-title = There is no page here
error-not-found-text = The address you followed does not lead anywhere.
error-not-found-next = Check the address, or go to the start page.

error-method-not-allowed-title = This doesn’t work like that
error-method-not-allowed-text = This address can’t be opened directly.
error-method-not-allowed-next = Go to the start page and take it from there.

error-malformed-title = We can’t read this request
error-malformed-text = Something in it is incomplete or was changed on the way.
error-malformed-next = Go back and try again. If you see this page twice, ask your IT team and give them the number below.

error-too-large-title = This is too large
error-too-large-text = What was sent is larger than we can take.
error-too-large-next = Send something smaller, or ask your IT team and give them the number below.

error-form-expired-title = This page has been open too long
error-form-expired-text = For your safety, nothing was changed.
error-form-expired-next = Load the page again and repeat what you wanted to do.

error-not-admitted-title = You don’t have access to this
error-not-admitted-text = Your account is not allowed to open this page.
error-not-admitted-next = If you think that you should have access, ask your IT team and give them the number below.

error-unexpected-title = Something went wrong on our side
error-unexpected-text = It is not your doing, and nothing of yours is lost.
error-unexpected-next = Try again. If you see this page twice, ask your IT team and give them the number below.

error-logout-not-verified-title = This sign-out can’t be confirmed
error-logout-not-verified-text = A message asked us to sign somebody out, and we can’t confirm where it came from. It changed nothing.
error-logout-not-verified-next = If you want to sign out here, choose “Sign out” on your account page.

error-logout-incomplete-title = You are signed out here
error-logout-incomplete-text = Your company’s sign-in answered in a way that we can’t confirm, so it may still be open there.
error-logout-incomplete-next = On a shared device, sign out at your company’s sign-in as well, and close the browser.
error-app-request-title = The app’s link doesn’t work
error-app-request-text = The app sent you here with something that can’t be answered safely, so nothing was sent back to it.
error-app-request-next = Go back to the app and try again. If that doesn’t help, give your IT team the number below.

error-app-request-over-title = This sign-in has ended
error-app-request-over-text = It took too long, or it was finished before.
error-app-request-over-next = Go back to the app and sign in again from there.
error-passkey-not-accepted-title = This passkey does not sign you in here
error-passkey-not-accepted-text = The passkey or security key that you used does not lead to an account that can sign in at the moment.
error-passkey-not-accepted-next = Try another way to sign in. If there is none, ask your IT team and give them the number below.
