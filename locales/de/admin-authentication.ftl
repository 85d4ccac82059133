# Anbieter: die Liste.
providers-title = Anmeldung
providers-add = Anbieter hinzufügen
providers-empty = Hier stehen die Wege herein. Fügen Sie den Identitätsanbieter Ihres Unternehmens hinzu, dann können sich seine Leute anmelden.
providers-order = In dieser Reihenfolge stehen die Schaltflächen auf der Anmeldeseite.
provider-label = Schaltfläche
provider-label-hint = Was auf der Schaltfläche der Anmeldeseite steht. „SSO Login“ kennen die Leute.
provider-kind = Art
provider-kind-hint = Nehmen Sie im Zweifel SAML für Okta, Entra ID, AD FS, Google Workspace, Ping, Keycloak, OneLogin oder Akamai.
provider-state = Zustand
provider-last = Letzte Anmeldung
provider-never = Noch niemand
provider-move = Reihenfolge
provider-up = { $provider } nach oben
provider-down = { $provider } nach unten
provider-by-file = aus der Datei
kind-saml = SAML 2.0
kind-google = Google
kind-microsoft = Microsoft (OpenID Connect)
kind-webex = Webex
kind-oidc = OpenID Connect
kind-oauth2 = OAuth 2.0

# Wie es um einen Anbieter steht.
provider-draft = Entwurf
provider-off = Ausgeschaltet
provider-broken = Nicht verwendbar
provider-failing = Scheitert seit { $since }
provider-works = Funktioniert
provider-unused = Nie verwendet
provider-metadata-failing = Die Metadaten lassen sich nicht holen
provider-certificate-ended = Zertifikat ist abgelaufen
provider-certificate-ends = Zertifikat endet in { $days } Tagen
provider-no-domains = Keine Domäne ist erlaubt, also kommt niemand herein. Tragen Sie die Domänen der Adressen Ihrer Leute ein, oder * für jede Domäne.

# Hinzufügen.
provider-slug = Name in Adressen
provider-slug-hint = Kleinbuchstaben, Ziffern und Bindestriche, zum Beispiel „okta“. Er steht in den Adressen, die Sie beim Identitätsanbieter eintragen, und ändert sich nie.
provider-slug-wrong = Verwenden Sie 1 bis 63 Kleinbuchstaben, Ziffern und Bindestriche, mit Buchstabe oder Ziffer an beiden Enden.
provider-slug-taken = Ein anderer Anbieter hat diesen Namen.
provider-continue = Weiter

# Die Seite eines Anbieters.
provider-back = Zurück zum Anbieter
provider-test = Testanmeldung
provider-edit = Einstellungen ändern
provider-edit-title = Einstellungen von { $provider }
provider-enable = Einschalten
provider-disable = Ausschalten
provider-delete = Löschen
provider-standing = Zustand
provider-today = Fehlschläge in 24 Stunden
provider-failures =
    { $count ->
        [0] Keine
        [2000] 2.000 oder mehr
       *[other] { $count }
    }
provider-commonest = am häufigsten
provider-traces = Anmeldeprotokoll
provider-tested = Letzter Test
provider-untested = Noch nicht getestet
provider-check = Prüfen, wovon Anmeldungen abhängen
provider-values = Was beim Identitätsanbieter einzutragen ist
provider-values-text = Kopieren Sie jeden Wert an seinen Platz dort. Sie bleiben, wie sie sind.
provider-guide = Schritte für ein Produkt
provider-guide-show = Zeigen
provider-came = Was vom Identitätsanbieter kam
provider-draft-text = Noch nichts. Wenn die Werte oben dort eingetragen sind, bringen Sie seine Metadaten hierher; dann testen Sie und schalten den Anbieter ein.
provider-metadata-bring = Metadaten bringen
provider-metadata-change = Andere Metadaten bringen
provider-metadata-title = Metadaten für { $provider }
provider-metadata-on = Über diesen Anbieter melden sich Personen an: Was Sie bringen, gilt sofort.
provider-fetched = Geholt von
provider-attributes = Attribute
provider-attributes-hint = Die Namen, unter denen der Identitätsanbieter jedes Feld sendet, einer je Zeile, der Reihe nach versucht. Wo nichts eingetragen ist, werden die Namen unter dem Feld versucht.
provider-attributes-change = Die Namen ändern
provider-field = Unser Feld
provider-tried = Namen, die versucht werden
provider-seen = Wert bei der letzten Anmeldung
provider-seen-at = Letzte Anmeldung oder letzter Test:
provider-synced = bei jeder Anmeldung erneuert
provider-who = Wer hereinkommt
provider-domains = Erlaubte Domänen
provider-domains-hint = Eine je Zeile: example.com, *.example.com für die Ebenen darunter, * für jede Domäne.
provider-domains-none = Keine: Niemand kommt herein
provider-jit = Neue Personen erhalten bei ihrer ersten Anmeldung ein Konto
provider-jit-hint = Empfohlen. Sonst kommt nur herein, wer schon hier ist.
provider-link = Eine Anmeldung darf sich an den Benutzer mit ihrer E-Mail-Adresse heften
provider-link-hint = Innerhalb der erlaubten Domänen, und nie an einen Admin.
provider-groups = Gruppen
provider-groups-hint = Eine Zeile je Wert: was der Identitätsanbieter sendet, =>, und unsere Gruppen mit Semikolon dazwischen.
provider-groups-wrong = „{ $line }“ ist keine solche Zeile: Wert => Gruppe; Andere Gruppe. Jeder Wert steht einmal.
provider-button = Schaltfläche
provider-sync = Synchronisierung
provider-sync-hint = Diese Felder werden bei jeder Anmeldung erneuert. Bei der ersten werden alle übernommen, die kommen.
switch-on = An
switch-off = Aus
provider-keys = Unsere eigenen Schlüssel
provider-keys-text = Mit ihnen signieren wir Anfragen und öffnen verschlüsselte Antworten. Sie stehen in unseren Metadaten.
provider-key-signs = Signiert
provider-key-next = Nächster
provider-keys-begin = Einen Wechsel beginnen
provider-keys-finish = Abschließen: den nächsten Schlüssel verwenden
provider-keys-cancel = Den Wechsel abbrechen
provider-links = Einrichtungslinks
provider-links-text = Für den Admin des Identitätsanbieters, der hier kein Konto braucht: die Werte zum Kopieren, die Metadaten, eine Testanmeldung und sonst nichts.
provider-link-for = Für wen (freiwillig)
provider-link-days = Gilt so viele Tage
provider-link-days-wrong = Ein Link gilt 1 bis 30 Tage.
provider-link-many = Dieser Anbieter hat so viele Links, wie er haben darf. Nehmen Sie erst einen zurück.
provider-link-make = Einen Link erstellen
provider-link-nobody = Ein Link
provider-link-by = Von { $sender }, gilt bis { $until }
provider-link-used = zuletzt verwendet
provider-link-revoke = Zurücknehmen
provider-link-revoke-label = Den Link zurücknehmen, der bis { $until } gilt
provider-link-made = Der Einrichtungslink ist erstellt
provider-link-made-text = Schicken Sie diese Adresse dem Admin des Identitätsanbieters. Sie gilt bis { $until }.
provider-link-address = Adresse
provider-link-once = Sie wird nur dieses eine Mal gezeigt: Gespeichert ist nur ihr Fingerabdruck. Wer sie hat, kann diesen Anbieter einrichten.
provider-link-done = Ich habe sie kopiert
provider-danger = Löschen
provider-danger-text = Löscht den Anbieter und was er von Personen weiß. Die Benutzer bleiben.
provider-file-why = Die Konfigurationsdatei führt diesen Anbieter, er lässt sich also nur dort ändern ([[provider]] in config.toml), dann mit Neustart oder SIGHUP.
provider-stale = Jemand anderes, oder neu geholte Metadaten, hat diesen Anbieter geändert, seit Sie die Seite geöffnet haben. Was Sie eingegeben haben, steht noch hier; erneutes Speichern setzt es an die Stelle jener Änderung.
provider-stale-see = Sehen, wie es jetzt steht
check-title = Wovon Anmeldungen über { $provider } abhängen
check-of-metadata = Metadaten:
check-of-metadata_url = Adresse der Metadaten:
check-of-clock = Uhren:
check-of-endpoints = Wohin die Leute geschickt werden:
check-of-certificates = Zertifikate:
check-of-expiry = Wie lange es hält:
check-of-keys = Schlüssel:
check-of-settings = Einstellungen:
check-of-discovery = Ermittlung:
check-of-client = Client:
check-of-addresses = E-Mail-Adressen:
check-of-allowed_domains = Erlaubte Domänen:
check-of-enabled = Schalter:
check-passed = Gut
check-warning = Sehen Sie sich das an
check-failed = Nicht gut

# Fragen.
provider-enable-title = { $provider } einschalten?
provider-enable-effect = Die Schaltfläche erscheint auf der Anmeldeseite, und man kann sich darüber anmelden.
provider-disable-title = { $provider } ausschalten?
provider-disable-effect = Die Schaltfläche verschwindet von der Anmeldeseite. Begonnene Sitzungen laufen weiter, bis sie enden.
provider-delete-title = { $provider } löschen?
provider-delete-effect = Die Verbindungen von Personen zu ihm werden vergessen, die Sitzungen, die über ihn begannen, enden sofort, und seine Schlüssel sind weg. Der Identitätsanbieter muss neu eingerichtet werden, wenn Sie ihn wieder wollen. Das lässt sich nicht rückgängig machen.
provider-people =
    { $count ->
        [0] Niemand meldet sich darüber an.
        [one] Eine Person meldet sich darüber an.
       *[other] { $count } Personen melden sich darüber an.
    }
provider-only =
    { $count ->
        [0] Niemand ist allein darauf angewiesen.
        [one] Eine Person hat keinen anderen Identitätsanbieter und kann sich dann über keinen anmelden.
       *[other] { $count } Personen haben keinen anderen Identitätsanbieter und können sich dann über keinen anmelden.
    }
provider-last-way = Es ist der letzte Weg, auf dem sich ein Admin anmelden kann. Sorgen Sie vorher für einen anderen Weg: ein Passwort oder Passkey eines Admins, oder ein neuer Admin, auf der Maschine angelegt mit „doorward user create --admin“.

# Was getan wurde.
done-provider-drafted = Der Entwurf ist angelegt. Tragen Sie diese Werte beim Identitätsanbieter ein, dann bringen Sie seine Metadaten.
done-provider-added = Der Anbieter ist hinzugefügt und noch ausgeschaltet. Testen Sie ihn, dann schalten Sie ihn ein.
done-provider-saved = Die Einstellungen sind gespeichert.
done-provider-metadata = Die Metadaten sind übernommen.
done-provider-enabled = Der Anbieter ist eingeschaltet.
done-provider-disabled = Der Anbieter ist ausgeschaltet.
done-provider-deleted = Der Anbieter ist gelöscht.
done-provider-moved = Die Reihenfolge ist geändert.
done-provider-keys-begin = Der nächste Schlüssel ist erstellt und veröffentlicht. Schließen Sie ab, wenn der Identitätsanbieter unsere Metadaten neu gelesen hat.
done-provider-keys-finish = Der nächste Schlüssel signiert jetzt; der alte ist weg.
done-provider-keys-cancel = Der Wechsel ist abgebrochen; alles ist, wie es war.
done-provider-link-revoked = Der Link ist zurückgenommen.
told-provider-changed = Nichts wurde getan: Jemand anderes hat den Anbieter inzwischen geändert. Sehen Sie, wie es jetzt steht, dann versuchen Sie es noch einmal.
told-provider-file = Nichts wurde getan: Die Konfigurationsdatei führt diesen Anbieter.
told-provider-incomplete = Er lässt sich noch nicht einschalten: Bringen Sie Metadaten mit einem Signaturzertifikat und vervollständigen Sie die Einstellungen.
told-provider-keys = Nichts wurde getan: Dieser Schritt passt nicht zum Stand der Schlüssel.
told-provider-untested = Noch niemand hat diesen Anbieter getestet.
told-provider-link-kind = Einrichtungslinks gibt es für SAML-Anbieter.
told-provider-link-gone = Dieser Link galt schon nicht mehr.

# SAML.
saml-sign-requests = Unsere Anfragen signieren
saml-sign-requests-hint = Geben Sie dem Identitätsanbieter unsere Metadaten, damit er unser Zertifikat kennt.
saml-require-encryption = Nur verschlüsselte Antworten annehmen
saml-require-encryption-hint = Der Identitätsanbieter muss für das Zertifikat in unseren Metadaten verschlüsseln.
saml-force-authn = Jedes Mal eine neue Anmeldung verlangen
saml-force-authn-hint = Auch wenn die Person beim Identitätsanbieter schon angemeldet ist.
saml-allow-sha1 = SHA-1-Signaturen annehmen
saml-allow-sha1-hint = SHA-1 ist gebrochen: Mit diesem Schalter werden Signaturen angenommen, die sich mit Aufwand fälschen lassen. Lassen Sie den Identitätsanbieter stattdessen mit SHA-256 signieren.
saml-binding = Wie Anfragen reisen
saml-binding-redirect = Redirect (üblich)
saml-binding-post = POST
saml-name-id = Verlangtes NameID-Format
saml-name-id-hint = „Persistent“ ist am besten: Personen bleiben, wer sie sind, wenn sich ihre Adresse ändert.
saml-name-id-none = Keines verlangen
saml-name-id-persistent = Persistent
saml-name-id-email = E-Mail-Adresse
saml-name-id-transient = Transient
saml-name-id-unspecified = Unspecified
saml-context = Verlangte Authentication Contexts
saml-context-hint = Einer je Zeile; lassen Sie es leer, wenn Ihr Identitätsanbieter es nicht braucht.

# OAuth 2.0 und OpenID Connect.
oauth-client = Client
oauth-callback = Callback-Adresse (Redirect URI), dort einzutragen
saml-local-logout = Wer sich hier abmeldet, bleibt beim Identitätsanbieter angemeldet
saml-local-logout-hint = Sonst wird, wer sich hier abmeldet, auch dort abgemeldet, sofern seine Metadaten sagen, wie.
oauth-client-id = Client-ID
oauth-client-secret = Client-Geheimnis
oauth-secret-hint = Es wird versiegelt aufbewahrt und nie wieder gezeigt.
oauth-secret-kept = Eines ist aufbewahrt. Lassen Sie dies leer, um es zu behalten; es wird nie gezeigt.
oauth-issuer = Aussteller
oauth-tenant = Mandant (Microsoft)
oauth-tenants = Weitere Mandanten (Microsoft), einer je Zeile
oauth-hosted_domain = Workspace-Domäne (Google)
oauth-organization = Organisations-ID (Webex)
oauth-authorization_endpoint = Authorization-Endpunkt, wo es keine Discovery gibt
oauth-token_endpoint = Token-Endpunkt
oauth-userinfo_endpoint = Userinfo-Endpunkt
oauth-jwks_uri = Adresse der Schlüssel
oauth-scopes = Scopes
oauth-scopes-hint = Lassen Sie es leer für die üblichen.
oauth-upn-as-email = Der Anmeldename ist die Adresse
oauth-upn-as-email-hint = Für Ihren eigenen Mandanten bei Microsoft, wo Token keine verbürgte Adresse tragen.
oauth-trust-email = Adressen ohne „email_verified“ vertrauen
oauth-trust-email-hint = Nur wenn dieser Anbieter jede Adresse selbst prüft.
oauth-end_session_endpoint = Endpunkt zum Abmelden, wo die Discovery keinen nennt
oauth-single-logout = Wer sich hier abmeldet, wird auch bei diesem Anbieter abgemeldet
oauth-single-logout-hint = Der Anbieter muss die erste Adresse unten kennen; sonst enden alle auf seiner Fehlerseite.
oauth-logged-out = Adresse nach dem Abmelden (post-logout redirect URI)
oauth-backchannel = Adresse für Back-Channel-Logout
