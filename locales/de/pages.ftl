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
login-lead = Wählen Sie, wie Sie sich anmelden.
login-signed-out = Sie sind abgemeldet.
login-other-account = Um ein anderes Konto zu verwenden, melden Sie sich zuerst bei der Anmeldung Ihres Unternehmens ab, oder öffnen Sie ein privates Browserfenster.
login-again = Die Anwendung bittet Sie, sich noch einmal anzumelden.
login-email-label = Dienstliche E-Mail-Adresse
login-email-continue = Weiter
login-email-unknown = Zu dieser Adresse kennen wir keine Anmeldung. Prüfen Sie sie, oder wählen Sie unten.
login-email-invalid = Das sieht nicht nach einer E-Mail-Adresse aus. Prüfen Sie sie und versuchen Sie es noch einmal.
login-or = oder
login-with-google = Mit Google anmelden
login-with-microsoft = Mit Microsoft anmelden
login-with-webex = Mit Webex anmelden
login-last-used = Zuletzt verwendet
login-none-title = Die Anmeldung ist noch nicht eingerichtet
login-none-text = Zurzeit gibt es keinen Weg, sich anzumelden. Fragen Sie Ihre IT.

# Abmelden.
logout-title = Abmelden?
logout-text = Sie sind angemeldet als { $name }.
logout-for-application = { $application } möchte Sie abmelden.
logout-confirm = Abmelden
logout-cancel = Angemeldet bleiben
signed-out-title = Sie sind abgemeldet
signed-out-text = Bei der Anmeldung Ihres Unternehmens sind Sie vielleicht noch angemeldet. Schließen Sie auf einem gemeinsam genutzten Gerät auch den Browser.
signed-out-there = Auch bei der Anmeldung Ihres Unternehmens sind Sie abgemeldet. Schließen Sie auf einem gemeinsam genutzten Gerät zusätzlich den Browser.
signed-out-again = Wieder anmelden

# Die Kontoseite.
account-title = Ihr Konto
account-nav-label = Konto
account-sign-out = Abmelden
account-applications = Anwendungen
account-profile = Profil
account-profile-empty = Außer Ihrem Konto selbst ist nichts über Sie bekannt.
account-identities = Womit Sie sich anmelden
account-identities-text = Ihr Konto ist mit diesen Anmeldungen verbunden.
account-identities-empty = Mit Ihrem Konto ist noch keine Anmeldung verbunden.
account-identity-times = Verbunden { $since }, zuletzt benutzt { $used }
account-identity-off = Abgeschaltet
account-identity-only = Das ist Ihre einzige Anmeldung, daher bleibt sie verbunden.
account-identity-unlink = Trennen
account-identity-unlink-label = { $provider } trennen, { $subject }
account-identity-unknown = Diese Anmeldung war schon getrennt.
account-link = Weitere Anmeldung verbinden
account-link-text = Melden Sie sich dort einmal an. Von da an führt auch sie zu diesem Konto.
account-link-button = { $provider } verbinden
account-linked = Die Anmeldung ist jetzt mit Ihrem Konto verbunden.
account-linked-already = Diese Anmeldung war schon mit Ihrem Konto verbunden.
account-unlinked = Die Anmeldung ist getrennt. Andere Geräte, die damit angemeldet waren, sind abgemeldet.
account-last-way-in = Diese Anmeldung bleibt verbunden, denn ohne sie könnten Sie sich nicht mehr anmelden. Verbinden Sie zuerst eine andere.
account-consents = Anwendungen mit Zugriff
account-consents-text = Diese dürfen etwas über Sie wissen. Nehmen Sie es zurück, erfahren sie nichts mehr, und was sie in Ihrer Abwesenheit tun, endet; was sie schon wissen, wissen sie. Wenn Sie eine davon wieder verwenden, werden Sie wieder gefragt.
account-consent-since = Seit { $since }
account-consent-take-back = Zurücknehmen
account-consent-take-back-label = Zugriff von { $application } zurücknehmen
account-consent-taken-back = Die Anwendung hat keinen Zugriff mehr.
account-consent-nothing = Die Anwendung hatte keinen Zugriff mehr.
account-sessions = Geräte
account-sessions-text = Wo Sie zurzeit angemeldet sind.
account-session-current = Dieses Gerät
account-session-times = Angemeldet { $since }, zuletzt aktiv { $seen }
account-session-address = Von { $address }
account-session-end = Abmelden
account-session-end-label = { $device } abmelden, angemeldet { $since }
account-sessions-end-others = Überall sonst abmelden
account-session-ended = Das Gerät ist abgemeldet.
account-sessions-ended = Alle Ihre anderen Geräte sind abgemeldet.
account-session-unknown = Das Gerät war schon abgemeldet.

# Eine Anmeldung vom Konto trennen.
unlink-title = { $provider } trennen?
unlink-text = Diese Anmeldung führt dann nicht mehr zu Ihrem Konto. Andere Geräte, die damit angemeldet sind, werden abgemeldet.
unlink-confirm = Trennen
unlink-cancel = Verbunden lassen

# Woher ein Wert kommt.
source-saml = aus der Anmeldung Ihres Unternehmens
source-oauth = aus der Anmeldung Ihres Unternehmens
source-scim = aus dem Verzeichnis Ihres Unternehmens
source-google-groups = aus dem Verzeichnis Ihres Unternehmens
source-entra = aus dem Verzeichnis Ihres Unternehmens
source-import = aus einer Liste Ihrer IT
source-sftp = aus einer Liste Ihrer IT
source-manual = von Ihrer IT eingetragen

# Die Felder des Profils.
field-user_name = Benutzername
field-upn = Anmeldename
field-email = E-Mail
field-name = Name
field-given_name = Vorname
field-family_name = Nachname
field-department = Abteilung
field-job_title = Position
field-phone = Telefon
field-mobile = Mobiltelefon
field-language = Sprache
field-cost_center = Kostenstelle
field-extension_attributes = Weitere Angaben
field-custom_attributes = Weitere Angaben Ihrer Organisation
field-photo_url = Foto
field-valid_from = Gültig ab
field-valid_to = Gültig bis

# Geräte, wie Browser sich beschreiben.
device-unknown = Unbekanntes Gerät
device-on = { $browser } auf { $system }

consent-title = Darf { $application } Ihre Angaben verwenden?
consent-text = { $application } gehört nicht zu den eigenen Apps Ihrer Organisation. Wenn Sie zustimmen, erhält sie bei { $host }:
consent-openid = dass und wann Sie sich angemeldet haben
consent-profile = Ihren Namen und Ihre Sprache
consent-email = Ihre E-Mail-Adresse
consent-groups = die Gruppen, denen Sie angehören
consent-phone = Ihre Telefonnummer
consent-offline = Zugriff auf diese Angaben, während Sie abwesend sind
consent-further = weitere Angaben: { $fields }
consent-account = Sie sind als { $account } angemeldet.
consent-allow = Zulassen
consent-deny = Nicht zulassen
