# Seiten der Verwaltung zu Anmeldungen, Protokoll und Verlauf einer Person.
lines-download = Herunterladen
narrow-from = Von
narrow-to = Bis
narrow-no-day = Das ist kein Tag. Schreiben Sie ihn als 2026-11-21.
changes-title = Werte vorher und nachher
changes-field = Feld
changes-before = Vorher
changes-after = Nachher
changes-nothing = nichts
changes-none = Es haben sich keine Werte geändert.

# Anmeldungen.
logins-title = Anmeldungen
logins-empty = Hier wird jeder Versuch stehen, sich anzumelden, und was daraus wurde.
logins-what = Was geschah
logins-person = Person
logins-person-more = Mehr als { $most } Personen passen, nur die ersten werden gezeigt. Schreiben Sie die ganze E-Mail-Adresse.
logins-user-gone = Ein gelöschter Benutzer
logins-nobody = Niemand Bekanntes
logins-provider = Anbieter
logins-provider-all = Jeder Anbieter
logins-outcome = Ergebnis
logins-outcome-all = Jedes Ergebnis
logins-kind = Art
logins-kind-all = Jede Art
logins-reference = Kennnummer
logins-code = Code
logins-at = Wann
outcome-success = Angemeldet
outcome-refused = Abgelehnt
outcome-failed = Fehlgeschlagen
outcome-long-success = Die Person hat sich angemeldet
outcome-long-refused = Das Gateway hat die Anmeldung abgelehnt
outcome-long-failed = Die Anmeldung ist fehlgeschlagen
attempt-saml = SAML
attempt-oauth = OpenID oder OAuth
attempt-test = Testanmeldung
attempt-metadata = Abruf der Metadaten
attempt-discovery = Abruf der Discovery

login-trace-title = Anmeldung
login-trace-attempt = Der Versuch
login-trace-no-user = kein Benutzer hat diese Adresse
login-trace-matched = Erkannt an
login-trace-reference-hint = Was die Person vorliest
login-trace-compared = Was verglichen wurde
login-trace-expected = Erwartet
login-trace-received = Erhalten
login-trace-received-nothing = Es kam nichts.
login-trace-remedy = Was zu ändern ist
login-trace-value = Der Wert zum Eintragen
login-trace-changes = Was die Anmeldung geändert hat
login-trace-attributes = Attribute, die ankamen
login-trace-document = Die Nachricht selbst
login-trace-document-show = Anzeigen, ohne Geheimnisse
matched-scim_id = SCIM-Id
matched-external_id = externer Id (NameID oder Subject)
matched-upn = UPN
matched-email = E-Mail-Adresse
side-idp = Das muss beim Identitätsanbieter geändert werden.
side-gateway = Das muss hier im Gateway geändert werden.
side-user = Die Person muss etwas tun.
side-network = Der Fehler liegt auf dem Weg dazwischen.

# Das Protokoll.
audit-title = Protokoll
audit-empty = Hier wird jede Änderung stehen: wer, was, vorher, nachher.
audit-action = Was
audit-action-code = Aktion
audit-actor = Wer (Name oder Id)
audit-actor-short = Wer
audit-actor-kind = Art des Handelnden
audit-actor-kind-all = Alle
audit-target = An wem oder was
audit-target-id = Ziel (Id oder Kurzname)
audit-target-kind = Art des Ziels
audit-target-kind-all = Alles
audit-changes = Geändert
audit-at = Wann
audit-event = Das Ereignis
audit-by-actor = alles von diesem Handelnden
audit-of-target = alles zu diesem Ziel
actor-user = Benutzer
actor-token = API-Token
actor-command_line = Kommandozeile
actor-channel = Kanal
actor-gateway = Das Gateway selbst
target-user = Benutzer
target-group = Gruppe
target-provider = Anbieter
target-application = Anwendung
target-token = API-Token
target-signing_key = Signaturschlüssel
target-webhook = Webhook
target-settings = Einstellungen

action-user-created = Benutzer angelegt
action-user-updated = Benutzer geändert
action-user-deleted = Benutzer gelöscht
action-user-deactivated = Benutzer deaktiviert
action-user-reactivated = Benutzer reaktiviert
action-user-activated = Benutzer aktiviert
action-user-made-pending = Benutzer auf ausstehend gesetzt
action-user-roles-changed = Rollen geändert
action-user-signed-out = Benutzer überall abgemeldet
action-user-identity-linked = Anmeldung verbunden
action-user-identity-unlinked = Anmeldung getrennt
action-user-identifiers-cleared = UPN und externe Ids geleert
action-user-link-dismissed = Abgelehnte Verknüpfung bleibt getrennt
action-user-invited = Benutzer eingeladen
action-user-email-verified = E-Mail-Adresse bestätigt
action-user-password-set = Passwort gesetzt
action-user-password-changed = Passwort geändert
action-user-way-in-opened = Rückweg auf der Maschine geöffnet
action-user-passkey-added = Passkey hinzugefügt
action-user-passkey-renamed = Passkey umbenannt
action-user-passkey-revoked = Passkey widerrufen
action-user-passkey-assigned = Passkey zugewiesen
action-user-passkey-activated = Passkey aktiviert
action-user-passkey-link-made = Passkey-Link erstellt
action-user-passkey-pin-made = Passkey-PIN erstellt
action-user-passkey-counter-regressed = Zähler eines Passkeys ging zurück
action-group-created = Gruppe angelegt
action-group-updated = Gruppe geändert
action-group-deleted = Gruppe gelöscht
action-group-member-added = Einer Gruppe beigetreten
action-group-member-removed = Aus einer Gruppe ausgetreten
action-provider-created = Anbieter angelegt
action-provider-updated = Anbieter geändert
action-provider-deleted = Anbieter gelöscht
action-provider-metadata-changed = Metadaten des Anbieters geändert
action-provider-certificate-appeared = Neues Zertifikat des Anbieters
action-provider-expires-soon = Zertifikat des Anbieters läuft bald ab
action-provider-expired = Zertifikat des Anbieters ist abgelaufen
action-provider-key-added = Schlüssel des Anbieters hinzugefügt
action-provider-key-retired = Schlüssel des Anbieters abgelöst
action-provider-key-withdrawn = Schlüssel des Anbieters zurückgezogen
action-provider-setup-link-made = Einrichtungslink erstellt
action-provider-setup-link-used = Einrichtungslink benutzt
action-provider-setup-link-revoked = Einrichtungslink widerrufen
action-application-created = Anwendung angelegt
action-application-updated = Anwendung geändert
action-application-deleted = Anwendung gelöscht
action-application-assigned = Anwendung zugewiesen
action-application-unassigned = Zuweisung einer Anwendung entzogen
action-application-secret-rotated = Geheimnis der Anwendung erneuert
action-token-created = API-Token angelegt
action-token-deleted = API-Token gelöscht
action-signing-key-created = Signaturschlüssel erstellt
action-signing-key-deleted = Signaturschlüssel gelöscht
action-provider-moved = Anbieter in der Reihenfolge verschoben
action-provider-test-login = Testanmeldung gemacht
action-application-access-taken-back = Zugang zu einer Anwendung zurückgenommen
action-user-link-forgotten = Abgelehnte Verknüpfung von der Liste genommen
action-webhook-created = Webhook angelegt
action-webhook-updated = Webhook geändert
action-webhook-deleted = Webhook gelöscht
action-webhook-disabled = Webhook abgeschaltet
action-webhook-secret-rotated = Geheimnis des Webhooks erneuert
action-webhook-test = Webhook ausprobiert
action-settings-changed = Einstellungen geändert

# Der Verlauf einer Person.
history-title = Verlauf von { $name }
history-active = Dieser Benutzer ist aktiv und kann sich anmelden. Letzte Anmeldung:
history-active-never = Dieser Benutzer ist aktiv und kann sich anmelden, hat es aber noch nie getan.
history-pending = Dieser Benutzer wurde eingeladen und hat sich noch nicht angemeldet.
history-not-yet = Dieser Benutzer ist aktiv, kann sich aber vor { $from } nicht anmelden: Die Gültigkeit beginnt erst dann.
history-expired = Dieser Benutzer ist aktiv, kann sich aber nicht mehr anmelden: Die Gültigkeit endete am { $until }.
history-inactive = Dieser Benutzer kann sich nicht anmelden: deaktiviert durch { $actor } ({ $kind }),
history-inactive-unknown = Dieser Benutzer kann sich nicht anmelden: deaktiviert, und das Protokoll sagt nicht, durch wen.
history-happened = Was geschah
history-empty = Von diesem Benutzer ist nichts aufgezeichnet.
history-origins = Woher die Werte kommen
history-origins-hint = Ein Kanal, der ein Feld führt, überschreibt es wieder: Ändern Sie den Wert dort.
history-nobodys = darf jeder ändern
history-since = seit
history-matched-scim_id = Erkannt an der SCIM-Id.
history-matched-external_id = Erkannt an der externen Id (NameID oder Subject).
history-matched-upn = Erkannt am UPN.
history-matched-email = Erkannt an der E-Mail-Adresse.

# API-Token.
tokens-title = API-Token
tokens-empty = Skripte, die das API benutzen, haben Token; die werden hier stehen.
tokens-new = Neues Token
tokens-name = Name
tokens-name-hint = Wozu es dient, damit es später jemand anderes weiß.
tokens-scopes = Was es darf
tokens-created-by = Angelegt von
tokens-expires = Endet
tokens-expired = Abgelaufen
tokens-lasts = Nie
tokens-used = Zuletzt benutzt
tokens-delete = Löschen
tokens-delete-label = Das Token { $name } löschen
tokens-lifetime = Wie lange es gilt
tokens-lifetime-hint = Ein Token endet auch mit dem Zugang dessen, der es angelegt hat.
tokens-lifetime-7 = 7 Tage
tokens-lifetime-30 = 30 Tage
tokens-lifetime-90 = 90 Tage
tokens-lifetime-365 = 1 Jahr
tokens-lifetime-date = Bis zum Tag unten
tokens-lifetime-never = Es endet nicht
tokens-date = Letzter Tag, wo ein Tag gewählt ist
tokens-date-wrong = Das muss ein Tag sein, der nicht vorbei ist, 2026-12-31.
tokens-create = Token anlegen
tokens-made = Token angelegt
tokens-secret = Das Token
tokens-secret-once = Kopieren Sie es jetzt. Es wird nur dieses eine Mal gezeigt: Hier bleibt nur seine Prüfsumme.
tokens-secret-use = Skripte senden es als
tokens-done = Ich habe es kopiert
tokens-refused = Das kann nicht angenommen werden.
tokens-scope-none = Wählen Sie mindestens eines.
tokens-scope-unknown = Eines davon gibt es nicht. Laden Sie die Seite neu.
tokens-scope-scim = Eine SCIM-Verbindung steht allein: Ihr Token tut nichts anderes.
tokens-delete-title = Das Token { $name } löschen?
tokens-delete-effect = Skripte, die es benutzen, werden ab jetzt abgewiesen. Es lässt sich nicht zurückholen.
tokens-delete-used = Es wurde zuletzt benutzt: { $at }.
tokens-delete-unused = Es wurde nie benutzt.
tokens-delete-button = Token löschen
done-token-deleted = Das Token wurde gelöscht.
told-token-gone = Dieses Token wurde inzwischen gelöscht.
told-token-made-before = Dieses Formular wurde schon gesendet, das Token wurde dabei angelegt. Wenn Sie es nicht kopiert haben, löschen Sie es und legen ein anderes an.
scope-admin = alles
scope-users-read = Benutzer lesen
scope-users-write = Benutzer anlegen, ändern und deaktivieren
scope-users-import = Dateien importieren
scope-groups-read = Gruppen lesen
scope-groups-write = Gruppen und Mitgliedschaften anlegen, ändern und löschen
scope-providers-write = Identitätsanbieter lesen und ändern
scope-audit-read = Protokoll und Anmeldungen lesen
scope-scim = eine SCIM-Verbindung

# Einstellungen.
settings-title = Einstellungen
settings-on = an
settings-off = aus
settings-follow = Wie die Konfigurationsdatei sagt ({ $value })
settings-discovery = Bei der Anmeldung nach der E-Mail-Adresse fragen
settings-discovery-hint = Die Anmeldeseite wählt dann den Anbieter nach der Domain der Adresse.
settings-passkeys = Passkeys und Sicherheitsschlüssel
settings-passkeys-hint = Ob man welche hinzufügen und sich damit anmelden kann.
settings-domains = Erlaubte Domains
settings-domains-hint = Je Zeile eine: example.com, *.example.com für die Ebenen darunter, * für jede Domain. Sie gelten für jeden Anbieter, neben dessen eigenen. Eine leere Liste lässt niemanden ein.
settings-domains-source = Welche Domains gelten
settings-domains-file = Die der Konfigurationsdatei
settings-domains-own = Die unten
settings-domains-file-hint = Die Konfigurationsdatei sagt: { $domains }
settings-domains-none = keine, was niemanden einlässt
settings-domains-many = Das sind zu viele Domains; höchstens 1.000.
settings-domain-wrong = { $domain } ist keine Domain: Schreiben Sie example.com, *.example.com oder *.
settings-changed = Jemand anderes hat die Einstellungen inzwischen geändert, es wurde nichts gespeichert. Was Sie eingegeben haben, steht unten; erneutes Speichern setzt es an die Stelle jener Änderung.
settings-reload = Laden, was jetzt gilt
settings-fixed = In der Konfigurationsdatei
settings-fixed-hint = Diese werden in config.toml geändert und brauchen einen Neustart.
settings-public-url = Öffentliche Adresse
settings-lifetime = Sitzungen enden nach
settings-idle = Ohne Benutzung nach
settings-validity = Gültigkeit von Benutzern wird durchgesetzt
settings-minutes =
    { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
done-settings-saved = Die Einstellungen wurden gespeichert.

# Kennungen leeren.
identifiers-title = UPNs und externe Ids leeren
identifiers-text = Für Personen, deren UPN sich beim Identitätsanbieter ändert. Ihr UPN und ihre externen Ids werden hier entfernt, damit die nächste Anmeldung neue setzen kann; erkannt werden sie an ihrer E-Mail-Adresse.
identifiers-names = E-Mail-Adressen oder UPNs
identifiers-names-hint = Je Zeile eine, oder mit Kommas dazwischen.
identifiers-users = In der Liste gewählte Benutzer (Ids)
identifiers-users-wrong = Das müssen Ids von Benutzern sein.
identifiers-group = Oder alle in einer Gruppe
identifiers-group-hint = Hinter dem Namen steht die Zahl der Mitglieder.
identifiers-no-group = Keine Gruppe
identifiers-group-gone = Diese Gruppe gibt es nicht mehr.
identifiers-nobody = Nennen Sie jemanden, oder wählen Sie eine Gruppe.
identifiers-many = Das sind mehr als { $most } Personen. Nehmen Sie weniger auf einmal.
identifiers-preview = Zeigen, wer das ist
identifiers-question =
    { $count ->
        [0] Niemandes Kennungen würden geleert
        [one] Die Kennungen von 1 Benutzer leeren?
       *[other] Die Kennungen von { $count } Benutzern leeren?
    }
identifiers-button =
    { $count ->
        [one] Kennungen von 1 Benutzer leeren
       *[other] Kennungen von { $count } Benutzern leeren
    }
identifiers-effect = Was geschehen wird
identifiers-effect-cleared = Ihr UPN und alle ihre externen Ids werden entfernt.
identifiers-effect-sessions = Sie werden überall abgemeldet.
identifiers-effect-next = Ihre nächste Anmeldung findet sie an der E-Mail-Adresse, wenn der Anbieter für sie bürgt und nach Adresse verknüpft, und setzt den neuen UPN und die neue externe Id.
identifiers-effect-undo = Die Werte vorher bleiben im Protokoll, je Benutzer ein Ereignis.
identifiers-people = Wessen Kennungen geleert werden
identifiers-more =
    { $count ->
        [one] und 1 weiterer Benutzer
       *[other] und { $count } weitere Benutzer
    }
identifiers-spared = Wer unberührt bleibt
identifiers-without = Haben weder UPN noch externe Id
identifiers-lost = Haben keine E-Mail-Adresse, nichts fände sie wieder
identifiers-administrators = Administratoren: Keine Anmeldung wird nach Adresse mit ihnen verknüpft
identifiers-unknown = Gehören hier niemandem
identifiers-ambiguous = Sind die Adresse des einen und der UPN eines anderen
identifiers-oneself = Sie selbst
identifiers-with-administrators = Administratoren einschließen
identifiers-with-oneself = Mich einschließen
identifiers-look-again = Das sind nicht mehr die Personen, die Ihnen gezeigt wurden, oder sie haben sich geändert. Sehen Sie noch einmal hin und bestätigen Sie dann.
done-identifiers-cleared =
    { $count ->
        [one] Die Kennungen von 1 Benutzer wurden geleert.
       *[other] Die Kennungen von { $count } Benutzern wurden geleert.
    }
told-identifiers-changed = Diese Personen haben sich in diesem Augenblick geändert, es wurde nichts geleert. Sehen Sie noch einmal hin.
