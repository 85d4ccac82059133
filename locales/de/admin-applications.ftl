# Seiten der Verwaltung zu Anwendungen.
applications-title = Anwendungen
applications-new = Neue Anwendung
applications-create = Anwendung anlegen
applications-empty = Hier wird stehen, was die Leute hinter dem Gateway benutzen: Anwendungen mit OpenID Connect, Anwendungen hinter einem Reverse-Proxy und einfache Links.
application-name = Name
application-name-hint = Wie man sie nennt; er steht auf der Kachel.
application-slug = Kurzname
application-slug-hint = Kleine Buchstaben, Ziffern und -. Er ist Client-Id und Adressat von Token und ändert sich nie.
application-slug-wrong = Das müssen 1 bis 63 Zeichen aus a–z, 0–9 und - sein, mit Buchstabe oder Ziffer an beiden Enden.
application-kind = Wie man hineinkommt
application-kind-hint = Das ändert sich nie.
application-kind-oidc = OpenID Connect
application-kind-forward_auth = Über einen Reverse-Proxy
application-kind-link = Ein Link
application-access = Wer sie benutzen darf
application-access-public = Alle, die aktiv sind
application-access-internal = Alle, die aktiv sind, aber keine Gäste
application-access-private = Nur zugewiesene Benutzer und Gruppen
application-place = Wo
application-on = An
application-off = Aus
application-enabled = Eingeschaltet
application-enabled-hint = Ausgeschaltet kommt niemand hinein, und es gibt keine Kachel.
application-launch-url = Adresse
application-launch-url-hint = Wohin die Kachel führt.
application-logo-url = Bild auf der Kachel
application-logo-url-hint = Eine Adresse, die mit https:// beginnt.
application-changed = Zuletzt geändert
application-general = Die Anwendung
application-edit = Bearbeiten
application-edit-claims = Claims bearbeiten
application-edit-title = { $name } bearbeiten
application-part-openid = OpenID Connect
application-part-forward = Reverse-Proxy
application-taken = { $value } gehört schon einer anderen Anwendung.
application-changed-meanwhile = Jemand anderes hat diese Anwendung inzwischen geändert, es wurde nichts gespeichert. Was Sie eingegeben haben, steht unten; erneutes Speichern setzt es an die Stelle jener Änderung.
application-one-a-line = Je Zeile eine.
application-pair-wrong = { $line } ist kein Paar: Schreiben Sie Name = Feld.
application-pair-twice = { $name } steht zweimal da.
application-rule-wrong = { $rule } ist unbekannt: Schreiben Sie signed_in, anonymous oder deny.
application-no-number = Das muss eine Zahl sein.
application-no-json = Das ist kein JSON.

application-redirect-uris = Redirect-URIs
application-redirect-uris-hint = Je Zeile eine, genau wie die Anwendung sie sendet.
application-post-logout-redirect-uris = Wohin Browser nach dem Abmelden dürfen
application-confidential = Sie kann ein Geheimnis bewahren
application-confidential-hint = Anwendungen auf einem Server können es, solche im Browser oder auf dem Telefon nicht.
application-require-pkce = PKCE verlangen
application-require-pkce-hint = Nur alte Anwendungen auf einem Server dürfen darauf verzichten.
application-without-pkce = Diese Anwendung meldet Leute ohne PKCE an. Schalten Sie es ein, sobald sie es kann.
application-first-party = Sie gehört dem Unternehmen
application-first-party-hint = Nur bei anderen werden die Leute um Zustimmung gebeten.
application-grant-types = Was sie vom Token-Endpunkt verlangen darf
application-scopes = Scopes
application-claims = Weitere Claims
application-claims-hint = Je Zeile einer: Claim = Feld des Benutzers, etwa department = department oder cost = extensionAttribute1.
application-code-lifetime = Sekunden, die ein Code gilt
application-code-lifetime-hint = 5 bis 600.
application-id-token-alg = Wie ID-Token signiert werden
application-userinfo-alg = Wie Userinfo signiert wird
application-userinfo-json = Gar nicht: einfaches JSON
application-auth-method = Wie sie sich am Token-Endpunkt ausweist
application-method-secret = Mit ihrem Geheimnis, in beiden Formen
application-jwks = Ihre öffentlichen Schlüssel (JWK-Set)
application-jwks-hint = Für private_key_jwt: diese, oder die Adresse darunter.
application-jwks-uri = Wo sie ihre Schlüssel veröffentlicht
application-subject-type = Welche Kennung der Leute sie sieht
application-subject-public = Dieselbe wie alle Anwendungen
application-subject-pairwise = Eine eigene
application-sector = Sektor der eigenen Kennungen
application-sector-hint = Ein Host; nötig, wo Redirect-URIs mehrere haben.
application-backchannel-logout-uri = Wo sie erfährt, dass sich jemand abgemeldet hat
application-backchannel-hint = Back-Channel-Logout; leer, wo die Anwendung keinen hat.

application-hosts = Hosts
application-hosts-hint = Je Zeile einer: wiki.example.com, mit Port, wo es nicht der übliche ist.
application-path-rules = Regeln für Pfade
application-path-rules-hint = Je Zeile eine, die erste passende gilt: /health = anonymous, /internal/* = deny, /app/* = signed_in.
application-path-signed_in = wer die Anwendung benutzen darf
application-path-anonymous = alle, angemeldet oder nicht
application-path-deny = niemand
application-headers = Weitere Header
application-headers-hint = Je Zeile einer: Header = Feld des Benutzers, etwa X-Department = department.
application-group-separator = Zwischen den Namen von Gruppen
application-separator-comma = ein Komma
application-separator-semicolon = ein Semikolon
application-separator-bar = ein Strich
application-separator-blank = ein Leerzeichen
application-cors = CORS-Preflights gehen durch
application-cors-hint = Sie tragen kein Cookie; die Anwendung selbst muss sie sicher beantworten.
application-proxies = Was in die Konfiguration des Proxys gehört
application-proxies-hint = Die Adresse des Proxys muss in config.toml unter trusted_proxies stehen.

application-values = Was bei der Anwendung einzutragen ist
application-values-hint = Die meisten Anwendungen brauchen nur den ersten und den letzten Wert und das Geheimnis.
application-issuer = Issuer
application-discovery = Discovery
application-client-id = Client-Id
application-client-secret = Client-Geheimnis
application-secret-title = Client-Geheimnis
application-secret-once = Kopieren Sie es jetzt. Es wird nur dieses eine Mal gezeigt: Hier bleibt nur seine Prüfsumme.
application-secret-kept = Das Geheimnis der Anwendung wurde erstellt:
application-rotate = Ein anderes erstellen
application-rotate-title = Ein anderes Geheimnis für { $name } erstellen?
application-rotate-effect = Das jetzige Geheimnis der Anwendung gilt dann nicht mehr: Niemand kann sich bei ihr anmelden, bis sie das neue hat.
application-rotate-then = Das neue wird einmal gezeigt, auf der nächsten Seite.
application-rotate-button = Anderes Geheimnis erstellen
application-no-secret = Diese Anwendung hat kein Geheimnis: Sie ist kein OpenID-Client, ein öffentlicher, oder sie signiert mit eigenem Schlüssel.

application-assignments = Zuweisungen
application-assigned = Wer zugewiesen ist
application-assigned-nobody = Niemand ist zugewiesen.
application-nobody-assigned = Niemand ist zugewiesen, also kann sie noch niemand benutzen.
application-assigned-unused = Diese zählen nicht, solange alle sie benutzen dürfen.
application-assigned-more = Alle, die zugewiesen sind
application-a-group = Gruppe
application-assign-more = Zuweisen
application-assign-search = Benutzer und Gruppen suchen
application-assign-find = Suchen
application-assign = Zuweisen
application-assign-label = { $name } zuweisen
application-unassign = Entziehen
application-unassign-label = Die Anwendung { $name } entziehen

application-danger = Löschen
application-delete-link = Diese Anwendung löschen
application-delete-title = { $name } löschen?
application-delete-button = Anwendung löschen
application-delete-oidc = Niemand kann sich mehr bei ihr anmelden, und alle ihre Token sind sofort ungültig.
application-delete-forward = Die Proxys von { $hosts } weisen dann jede Anfrage ab.
application-delete-tile = Ihre Kachel verschwindet von den Seiten der Leute.
application-delete-assigned =
    { $count ->
        [0] Niemand ist ihr zugewiesen.
        [one] 1 Zuweisung geht mit ihr.
       *[other] { $count } Zuweisungen gehen mit ihr.
    }
application-delete-for-good = Sie lässt sich nicht zurückholen.

done-application-created = Die Anwendung wurde angelegt.
done-application-saved = Die Anwendung wurde gespeichert.
done-application-deleted = Die Anwendung wurde gelöscht.
done-application-assigned = Zugewiesen.
done-application-unassigned = Die Zuweisung wurde entzogen.
told-application-gone = Diese Anwendung wurde inzwischen gelöscht.
told-application-changed = Die Anwendung wurde inzwischen geändert, es wurde nichts getan. Sehen Sie noch einmal hin.
told-application-nobody = Diesen Benutzer oder diese Gruppe gibt es nicht mehr.
