# Der Weg zur Anmeldung des Unternehmens.
relay-title = Einen Moment
relay-text = Wir bringen Sie zur Anmeldung Ihres Unternehmens.
relay-button = Weiter

# Eine Anwendung, die jemand nicht nutzen darf.
not-admitted-title = Sie haben keinen Zugriff auf { $application }
not-admitted-text = Sie sind als { $account } angemeldet. Dieses Konto darf { $application } nicht öffnen.
not-admitted-next = Wechseln Sie das Konto, oder bitten Sie um Zugriff.
not-admitted-switch = Konto wechseln
not-admitted-ask = Um Zugriff bitten
not-admitted-mail-subject = Zugriff auf { $application }
not-admitted-mail-body = Ich bitte um Zugriff auf { $application } mit meinem Konto { $account }.

# Anmelden.
login-title = Anmelden
