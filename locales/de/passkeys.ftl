# Signing in with a passkey.
passkey-sign-in = Mit Passkey anmelden
passkey-sign-in-failed = Das hat nicht geklappt. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
passkey-cancelled = Es ist nichts geschehen: Die Anfrage wurde abgebrochen oder hat zu lange gedauert. Versuchen Sie es noch einmal, wenn Sie so weit sind.
passkey-unsupported = Dieser Browser kann keine Passkeys. Versuchen Sie es mit einem aktuellen Browser oder einem anderen Gerät.
passkey-needs-script = Passkeys brauchen JavaScript. Schalten Sie es für diese Seite ein, oder nehmen Sie einen anderen Browser.

# The section on the account page.
passkeys-title = Passkeys und Sicherheitsschlüssel
passkeys-text = Damit melden Sie sich ohne Passwort an.
passkeys-empty = Melden Sie sich mit Fingerabdruck, Gesicht oder Geräte-PIN oder mit einem Sicherheitsschlüssel an statt mit einem Passwort.
passkeys-off = Die Anmeldung mit Passkeys ist zurzeit ausgeschaltet.
passkey-add = Passkey hinzufügen
passkey-kind-passkey = Passkey
passkey-kind-smartphone = Smartphone
passkey-kind-card = Kontaktlose Karte
passkey-kind-hardware-key = FIDO2-Sicherheitsschlüssel
passkey-pending = Nicht aktiviert
passkey-pending-text = Er wartet auf Sie: Nehmen Sie den Link oder die PIN von Ihrer IT.
passkey-synced = zwischen Ihren Geräten kopiert
passkey-times = Hinzugefügt { $since }, zuletzt benutzt { $used }
passkey-never-used = Hinzugefügt { $since }, noch nicht benutzt
passkey-rename = Umbenennen
passkey-rename-label = { $name } umbenennen
passkey-remove = Entfernen
passkey-remove-label = { $name } entfernen
passkey-added = Der Passkey ist hinzugefügt. Ab jetzt können Sie sich damit anmelden.
passkey-activated = Ihr Schlüssel ist aktiviert, und Sie sind angemeldet. Ab jetzt melden Sie sich damit an.
passkey-renamed = Der Passkey hat seinen neuen Namen.
passkey-removed = Der Passkey ist entfernt. Andere Geräte, die damit angemeldet waren, sind abgemeldet.
passkey-last = Dieser Passkey bleibt, denn ohne ihn könnten Sie sich nicht mehr anmelden. Fügen Sie zuerst einen anderen hinzu.
passkey-unknown = Dieser Passkey war schon entfernt.

# Adding one.
passkey-new-title = Passkey hinzufügen
passkey-new-text = Ihr Browser fragt, wo er ihn aufheben soll: auf diesem Gerät, auf Ihrem Telefon oder auf einem Sicherheitsschlüssel.
passkey-name = Name
passkey-new-button = Passkey erstellen
passkey-cancel = Abbrechen
passkey-name-problem = Geben Sie ihm einen Namen mit 1 bis 60 Zeichen.
passkey-too-many = Sie haben schon so viele Passkeys, wie es geben kann. Entfernen Sie zuerst einen.
passkey-known = Dieses Gerät oder dieser Sicherheitsschlüssel hat schon einen Passkey für dieses Konto.
passkey-not-kept = Dieser Sicherheitsschlüssel kann keine Passkeys aufheben. Nehmen Sie einen anderen oder dieses Gerät.
passkey-no-pin = Dieser Sicherheitsschlüssel hat nicht geprüft, wer Sie sind. Richten Sie darauf eine PIN oder einen Fingerabdruck ein und versuchen Sie es noch einmal.
passkey-add-refused = Der Passkey wurde nicht hinzugefügt. Versuchen Sie es noch einmal.

# Renaming and removing one.
passkey-rename-title = Passkey umbenennen
passkey-rename-button = Namen speichern
passkey-remove-title = { $name } entfernen?
passkey-remove-text = Er meldet Sie dann nicht mehr an, und andere Geräte, die damit angemeldet sind, werden abgemeldet. Der Eintrag auf dem Gerät oder Sicherheitsschlüssel selbst bleibt dort, bis Sie ihn löschen.
passkey-remove-button = Entfernen
passkey-remove-cancel = Behalten

# Another sign-in first.
passkey-again-title = Melden Sie sich noch einmal an
passkey-again-text = Um zu ändern, wie Sie sich anmelden, müssen wir wissen, dass Sie es sind. Ihre Anmeldung liegt eine Weile zurück.
passkey-again-button = Neu anmelden

# Activating a key that the IT team assigned.
passkey-activate-title = Aktivieren Sie Ihren Schlüssel
passkey-activate-for = Für { $person }: „{ $name }“.
passkey-activate-passkey = Ihr Browser fragt, wo er den Passkey aufheben soll: auf diesem Gerät, auf Ihrem Telefon oder auf einem Sicherheitsschlüssel.
passkey-activate-smartphone = Drücken Sie auf dem Telefon den Knopf und bestätigen Sie mit Fingerabdruck, Gesicht oder PIN. Auf einem Computer zeigt Ihr Browser einen Code, den Sie mit dem Telefon einlesen.
passkey-activate-card = Drücken Sie den Knopf und halten Sie die Karte an das Lesegerät, wenn Ihr Browser danach fragt.
passkey-activate-hardware-key = Drücken Sie den Knopf, stecken Sie den Sicherheitsschlüssel ein oder halten Sie ihn an das Lesegerät, und berühren Sie ihn, wenn Ihr Browser danach fragt.
passkey-activate-button = Aktivieren
passkey-activate-until = Diese Seite funktioniert einmal, bis { $until }.
passkey-activate-code = Diese Seite auf dem Telefon
passkey-activate-code-label = Die Adresse dieser Seite als Code
passkey-activate-code-hint = Scannen Sie den Code mit der Kamera des Telefons und machen Sie dort weiter.
passkey-gone-title = Dieser Link funktioniert nicht mehr
passkey-gone-text = Er wurde benutzt, oder seine Zeit ist um. Ist Ihr Schlüssel aktiviert, melden Sie sich damit an. Sonst bitten Sie Ihre IT um einen neuen Link.
passkey-gone-login = Anmelden
passkey-gone-pin = Ich habe eine PIN
passkey-pin-title = Aktivieren Sie Ihren Schlüssel
passkey-pin-text = Geben Sie die PIN ein, die Sie von Ihrer IT haben.
passkey-pin-account = Benutzername oder E-Mail-Adresse
passkey-pin-pin = PIN
passkey-pin-button = Weiter
passkey-pin-problem = Diese PIN funktioniert für dieses Konto nicht. Prüfen Sie beides, oder bitten Sie Ihre IT um eine neue PIN.
