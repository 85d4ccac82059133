# Signing in with a passkey.
passkey-sign-in = Sign in with a passkey
passkey-sign-in-failed = That did not work. Try again, or choose another way to sign in.
passkey-cancelled = Nothing was done: the request was cancelled or took too long. Try again when you are ready.
passkey-unsupported = This browser cannot use passkeys. Try an up-to-date browser, or another device.
passkey-needs-script = Passkeys need JavaScript. Switch it on for this page, or use another browser.

# The section on the account page.
passkeys-title = Passkeys and security keys
passkeys-text = With these you sign in without a password.
passkeys-empty = Sign in with your fingerprint, face or device PIN, or with a security key, instead of a password.
passkeys-off = Signing in with passkeys is switched off at the moment.
passkey-add = Add a passkey
passkey-kind-passkey = Passkey
passkey-kind-smartphone = Smartphone
passkey-kind-card = Contactless card
passkey-kind-hardware-key = FIDO2 security key
passkey-pending = Not activated
passkey-pending-text = It waits for you: use the link or PIN from your IT team.
passkey-synced = copied between your devices
passkey-times = Added { $since }, last used { $used }
passkey-never-used = Added { $since }, not used yet
passkey-rename = Rename
passkey-rename-label = Rename { $name }
passkey-remove = Remove
passkey-remove-label = Remove { $name }
passkey-added = The passkey is added. You can sign in with it from now on.
passkey-activated = Your key is activated, and you are signed in. From now on you sign in with it.
passkey-renamed = The passkey has its new name.
passkey-removed = The passkey is removed. Other devices that were signed in with it are signed out.
passkey-last = That passkey stays, because without it you could not sign in any more. Add another one first.
passkey-unknown = That passkey was removed already.

# Adding one.
passkey-new-title = Add a passkey
passkey-new-text = Your browser asks where to keep it: on this device, on your phone, or on a security key.
passkey-name = Name
passkey-new-button = Create the passkey
passkey-cancel = Cancel
passkey-name-problem = Give it a name of 1 to 60 characters.
passkey-too-many = You have as many passkeys as there can be. Remove one first.
passkey-known = This device or security key has a passkey for this account already.
passkey-not-kept = This security key cannot keep passkeys. Choose another one, or this device.
passkey-no-pin = This security key did not check who you are. Set up a PIN or fingerprint on it and try again.
passkey-add-refused = The passkey was not added. Try again.

# Renaming and removing one.
passkey-rename-title = Rename the passkey
passkey-rename-button = Save the name
passkey-remove-title = Remove { $name }?
passkey-remove-text = It will not sign you in any more, and other devices that are signed in with it are signed out. The entry on the device or security key itself stays there until you delete it.
passkey-remove-button = Remove
passkey-remove-cancel = Keep it

# Another sign-in first.
passkey-again-title = Sign in once more
passkey-again-text = To change how you sign in, we need to know that it is you. You signed in some time ago.
passkey-again-button = Sign in again

# Activating a key that the IT team assigned.
passkey-activate-title = Activate your key
passkey-activate-for = For { $person }: “{ $name }”.
passkey-activate-passkey = Your browser asks where to keep the passkey: on this device, on your phone, or on a security key.
passkey-activate-smartphone = On your phone, press the button and confirm with your fingerprint, face or PIN. On a computer, your browser shows a code to scan with the phone.
passkey-activate-card = Press the button and hold the card to the reader when your browser asks for it.
passkey-activate-hardware-key = Press the button, then plug the security key in or hold it to the reader, and touch it when your browser asks for it.
passkey-activate-button = Activate
passkey-activate-until = This page works once, until { $until }.
passkey-activate-code = This page on your phone
passkey-activate-code-label = The address of this page as a code
passkey-activate-code-hint = Scan the code with the phone’s camera, and go on there.
passkey-gone-title = This link does not work any more
passkey-gone-text = It was used, or its time has passed. If your key is activated, sign in with it. Otherwise ask your IT team for a new link.
passkey-gone-login = Sign in
passkey-gone-pin = I have a PIN
passkey-pin-title = Activate your key
passkey-pin-text = Enter the PIN that your IT team gave you.
passkey-pin-account = User name or e-mail address
passkey-pin-pin = PIN
passkey-pin-button = Continue
passkey-pin-problem = This PIN does not work for this account. Check both, or ask your IT team for a new PIN.
