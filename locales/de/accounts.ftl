# Mails: der Rahmen.
mail-hello = Guten Tag { $name },
mail-link-text = Wenn die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:
mail-sent-by = Gesendet von { $brand }, { $origin }. Antworten auf diese Mail liest niemand.

# Mails: eine Einladung.
mail-activation-subject = Aktivieren Sie Ihr Konto bei { $brand }
mail-activation-text = für Sie wurde ein Konto bei { $brand } angelegt. Aktivieren Sie es, dann können Sie sich anmelden.
mail-activation-button = Konto aktivieren
mail-activation-until = Der Link funktioniert einmal, bis { $until }. Danach kann Ihnen die Seite dahinter einen neuen schicken.
mail-activation-not-you = Wenn Sie das nicht erwartet haben, können Sie die Mail ignorieren: Ohne Sie geschieht nichts.
mail-application-subject = { $application }: Ihr Konto bei { $brand }
mail-application-text = Sie können jetzt { $application } nutzen. Aktivieren Sie Ihr Konto bei { $brand }, um sich anzumelden.
mail-application-button = Konto aktivieren
mail-application-until = Der Link funktioniert einmal, bis { $until }. Danach kann Ihnen die Seite dahinter einen neuen schicken.
mail-application-not-you = Wenn Sie das nicht erwartet haben, können Sie die Mail ignorieren: Ohne Sie geschieht nichts.

# Mails: ein neues Passwort.
mail-reset-subject = Ihr Passwort bei { $brand } setzen
mail-reset-text = jemand, wahrscheinlich Sie selbst, möchte das Passwort Ihres Kontos bei { $brand } setzen.
mail-reset-button = Passwort setzen
mail-reset-until = Der Link funktioniert einmal, bis { $until }.
mail-reset-not-you = Wenn Sie das nicht waren, können Sie die Mail ignorieren: Ihr Passwort bleibt, wie es ist.

# Mails: wer sich anderswo anmeldet.
mail-provider-subject = So melden Sie sich bei { $brand } an
mail-provider-text = jemand, wahrscheinlich Sie selbst, hat nach einem Passwort bei { $brand } gefragt. Ihr Konto hat keines: Sie melden sich mit „{ $provider }“ an.
mail-provider-button = Anmelden
mail-provider-not-you = Wenn Sie das nicht waren, können Sie die Mail ignorieren: Es hat sich nichts geändert.

# Mails: das Passwort wurde geändert.
mail-changed-subject = Ihr Passwort bei { $brand } wurde geändert
mail-changed-text = das Passwort Ihres Kontos bei { $brand } wurde am { $at } geändert. Alle anderen Geräte sind abgemeldet.
mail-changed-not-you = Wenn Sie das nicht waren, wenden Sie sich sofort an Ihre IT.

# Das Passwortformular.
login-password-email = E-Mail-Adresse
login-password = Passwort
login-password-button = Anmelden
login-password-forgotten = Passwort vergessen oder nie eines gehabt?
login-password-again = Diese Seite war zu lange offen. Geben Sie Ihr Passwort noch einmal ein.
login-password-wrong = Die Adresse oder das Passwort ist falsch. Prüfen Sie beides und versuchen Sie es noch einmal.
login-password-wait = Zu viele Versuche. Warten Sie { $count ->
    [one] eine Minute
   *[other] { $count } Minuten
  } und versuchen Sie es noch einmal.
login-ready = Ihr Konto ist bereit. Melden Sie sich mit Ihrem neuen Passwort an.
login-activated = Ihr Konto ist aktiviert. Sie können sich jetzt anmelden.
login-password-changed = Ihr Passwort ist gesetzt. Melden Sie sich damit an.
login-heading-password = Mit Passwort anmelden

# Der Weg hinein, den nur die Maschine öffnet.
way-in-title = Als Administrator anmelden
way-in-text = Dieser Link wurde auf der Maschine erzeugt, auf der das Gateway läuft. Er funktioniert einmal, bis { $until }.

# Ein Passwort wählen.
password-new = Neues Passwort
password-old = Bisheriges Passwort
password-hint = Mindestens 12 Zeichen. Mehrere Wörter ergeben ein gutes.
password-missing = Wählen Sie ein Passwort.
password-short = Nehmen Sie mindestens 12 Zeichen.
password-long = Das ist zu lang. Nehmen Sie höchstens 1.024 Zeichen.
password-control = Das enthält Zeichen, die man nicht tippen kann. Nehmen Sie andere.
password-common = Das ist leicht zu erraten. Nehmen Sie Wörter, die nicht zusammengehören, oder mehr davon.
password-personal = Das besteht aus Ihrem Namen oder dem Ihrer Organisation. Nehmen Sie etwas anderes.
password-old-wrong = Das ist nicht Ihr bisheriges Passwort.
password-wait = Zu viele Versuche. Warten Sie ein paar Minuten und versuchen Sie es noch einmal.

# Links.
link-activate-title = Konto aktivieren
link-activate-text = Dieser Link aktiviert das Konto von { $email }.
link-activate-choose = Wählen Sie das Passwort, mit dem Sie sich anmelden werden.
link-activate-button = Konto aktivieren
link-reset-title = Passwort setzen
link-reset-text = Dieser Link setzt das Passwort von { $email }.
link-reset-button = Passwort setzen
link-until = Der Link funktioniert einmal, bis { $until }.
link-reset-ends = Sie werden auf allen Geräten abgemeldet.
link-expired-title = Dieser Link ist abgelaufen
link-expired-text = Links funktionieren nur eine begrenzte Zeit. Wir können einen neuen an die Adresse schicken, für die er bestimmt war.
link-expired-text-no-mail = Links funktionieren nur eine begrenzte Zeit. Bitten Sie Ihre IT um einen neuen.
link-expired-button = Neuen Link schicken
link-used-title = Dieser Link wurde schon benutzt
link-used-text = Er funktioniert nur einmal. Wenn Ihr Konto bereit ist, melden Sie sich an; sonst lassen Sie sich ein neues Passwort geben.
link-unknown-title = Dieser Link funktioniert nicht
link-unknown-text = Er ist vielleicht unvollständig oder wurde ersetzt. Kopieren Sie die ganze Adresse aus der Mail, oder fragen Sie Ihre IT.
link-sign-in = Anmelden
link-renewed-title = Sehen Sie in Ihr Postfach
link-renewed-text = Wenn Ihnen das Konto noch offensteht, ist ein neuer Link unterwegs. Es kann ein paar Minuten dauern.

# Nach einem Passwort fragen.
reset-title = Passwort setzen
reset-text = Wir schicken einen Link an Ihre E-Mail-Adresse. Damit setzen Sie ein neues Passwort, auch wenn Sie noch nie eines hatten.
reset-email = E-Mail-Adresse
reset-button = Link schicken
reset-email-invalid = Das sieht nicht wie eine E-Mail-Adresse aus. Prüfen Sie sie und versuchen Sie es noch einmal.
reset-wait = Danach wurde zu oft gefragt. Warten Sie { $count ->
    [one] eine Minute
   *[other] { $count } Minuten
  } und versuchen Sie es noch einmal.
reset-sent-title = Sehen Sie in Ihr Postfach
reset-sent-text = Wenn es ein Konto mit dieser Adresse gibt, ist eine Mail unterwegs. Es kann ein paar Minuten dauern. Sehen Sie auch im Spam-Ordner nach.
reset-no-mail = Von hier können gerade keine Mails verschickt werden. Bitten Sie Ihre IT um ein neues Passwort.
reset-back = Zurück zur Anmeldung

# Das Passwort auf der Kontoseite.
account-password = Passwort
account-password-has = Sie können sich mit Ihrer E-Mail-Adresse und einem Passwort anmelden.
account-password-none = Sie haben kein Passwort.
account-password-provider = Sie melden sich mit „{ $provider }“ an, deshalb gibt es hier kein Passwort.
account-password-change = Passwort ändern
account-password-set = Passwort setzen
account-password-changed = Ihr Passwort ist geändert. Ihre anderen Geräte sind abgemeldet.
account-password-title-set = Passwort setzen
account-password-title-change = Passwort ändern
account-password-effect = Alle Ihre anderen Geräte werden abgemeldet.
account-password-save = Passwort speichern
account-password-cancel = Abbrechen
account-password-again-title = Melden Sie sich zuerst noch einmal an
account-password-again = Um ein Passwort zu setzen, melden Sie sich noch einmal an: So zeigt sich, dass Sie es sind.
account-password-again-button = Noch einmal anmelden

error-passwords-off-title = Hier gibt es keine Passwörter
error-passwords-off-text = Die Anmeldung mit Passwort ist ausgeschaltet.
error-passwords-off-next = Wählen Sie einen anderen Weg, sich anzumelden, oder fragen Sie Ihre IT.

# Mails: eine Anwendung für jemanden, der ein Konto hat.
mail-ready-subject = { $application } steht für Sie bereit
mail-ready-text = Sie können jetzt { $application } nutzen, mit Ihrem Konto bei { $brand }.
mail-ready-button = Anmelden

# Mails: a key to activate.
mail-key-passkey-subject = Ihr Passkey für { $brand }
mail-key-passkey-text = bei { $brand } ist ein Passkey für Sie vorgesehen: „{ $name }“. Öffnen Sie den Link auf dem Gerät, das ihn aufbewahren soll; danach melden Sie sich ohne Passwort an.
mail-key-passkey-button = Passkey hinzufügen
mail-key-smartphone-subject = Ihr Telefon als Schlüssel für { $brand }
mail-key-smartphone-text = Ihr Telefon kann Ihr Schlüssel bei { $brand } sein („{ $name }“). Öffnen Sie den Link auf dem Telefon. Wenn Sie dies an einem Computer lesen, öffnen Sie ihn hier: Die Seite zeigt einen Code für die Kamera des Telefons.
mail-key-smartphone-button = Telefon aktivieren
mail-key-card-subject = Ihre Karte für { $brand }
mail-key-card-text = Ihnen ist bei { $brand } eine kontaktlose Karte zugeteilt: „{ $name }“. Halten Sie sie bereit und öffnen Sie den Link an einem Computer mit Kartenleser.
mail-key-card-button = Karte aktivieren
mail-key-hardware-key-subject = Ihr Sicherheitsschlüssel für { $brand }
mail-key-hardware-key-text = Ihnen ist bei { $brand } ein Sicherheitsschlüssel zugeteilt: „{ $name }“. Halten Sie ihn bereit und öffnen Sie den Link an dem Computer, an dem Sie ihn benutzen.
mail-key-hardware-key-button = Sicherheitsschlüssel registrieren
mail-key-until = Der Link gilt einmal, bis { $until }. Danach kann die Seite dahinter Ihnen einen neuen schicken.
mail-key-not-you = Wenn Sie das nicht erwartet haben, können Sie es übergehen: Ohne Sie geschieht nichts.
