# Eine Anmeldung über einen Link einrichten.
setup-title = Anmeldung einrichten: { $provider }
setup-lead = { $sender } bittet Sie, die Anmeldung Ihres Unternehmens zu verbinden. Dieser Link gilt bis { $until }.
setup-only = Mit diesem Link können Sie diese vier Schritte tun und sonst nichts.
setup-is-on = Über diese Verbindung melden sich schon Personen an. Neue Metadaten gelten sofort.
setup-done =
    { $count ->
        [0] Keiner von vier Schritten ist getan.
        [one] Einer von vier Schritten ist getan.
        [4] Alle vier Schritte sind getan.
       *[other] { $count } von vier Schritten sind getan.
    }
setup-step-done = getan
setup-product = Wählen Sie Ihr Produkt
setup-product-label = Produkt
setup-product-choose = Die Schritte dafür zeigen
setup-values = Tragen Sie dort diese Werte ein
setup-values-first = Wählen Sie zuerst Ihr Produkt; die Werte tragen dann die Namen, die es verwendet.
setup-values-done = Ich habe sie eingetragen
setup-metadata = Bringen Sie uns Ihre Metadaten
setup-metadata-text = Eines von den dreien genügt. Am besten ist eine Adresse, denn dann kommen neue Zertifikate von selbst an.
setup-metadata-found = Das sagen Ihre Metadaten:
setup-metadata-again = Andere Metadaten bringen
setup-changed = Jemand hat die Einstellungen im selben Augenblick geändert. Senden Sie es noch einmal.
setup-test = Testanmeldung
setup-test-text = Melden Sie sich an wie sonst auch. Hier wird niemand angemeldet und nichts geschrieben: Sie sehen, was angekommen ist und ob die Person hereinkäme.
setup-test-begin = Den Test beginnen
setup-test-first = Sie können testen, sobald Ihre Metadaten hier sind.
setup-all-done = Das ist alles. { $sender } sieht, dass der Test gelungen ist, und schaltet die Anmeldung ein.
setup-ended-title = Dieser Link gilt nicht mehr
setup-ended-text = Er ist abgelaufen oder wurde zurückgenommen. Bitten Sie die Person, die ihn geschickt hat, um einen neuen.
setup-ended-kept = Was Sie bisher eingerichtet haben, bleibt.

# Werte, die bei einem Identitätsanbieter einzutragen sind.
guide-other = Ein anderes Produkt
guide-place = In { $product }:
guide-value-entity-id = Unsere Entity ID
guide-value-acs = Wohin Antworten gehen (ACS URL)
guide-value-relay-state = Relay State
guide-value-name-id = NameID-Format
guide-value-metadata = Oder alle auf einmal: unsere Metadaten
guide-attributes = Attribute
guide-attributes-text = Lassen Sie diese senden:
guide-needed = nötig
guide-people = Personen
guide-people-text = Lassen Sie die herein, die sich anmelden sollen:
guide-metadata = In { $product } finden Sie die Metadaten hier:
guide-okta-begin = Öffnen Sie in der Okta Admin Console „Applications“, wählen Sie „Create App Integration“ und „SAML 2.0“ und geben Sie der App einen Namen.
guide-entra-id-begin = Öffnen Sie im Microsoft Entra Admin Center „Enterprise applications“, wählen Sie „New application“, „Create your own application“ (non-gallery) und dort „Single sign-on“, „SAML“.
guide-ad-fs-begin = Wählen Sie in der AD-FS-Verwaltung „Add Relying Party Trust“, „Claims aware“ und übernehmen Sie die Daten von unserer Metadaten-Adresse unten; dann sind die Werte ausgefüllt.
guide-google-workspace-begin = Öffnen Sie in der Google-Admin-Konsole „Apps“, „Web and mobile apps“, wählen Sie „Add app“, „Add custom SAML app“ und geben Sie der App einen Namen.
guide-ping-begin = Öffnen Sie in PingOne „Applications“, legen Sie eine vom Typ „SAML Application“ an und wählen Sie „Manually Enter“; in PingFederate legen Sie eine SP-Verbindung an.
guide-keycloak-begin = Öffnen Sie in der Keycloak-Verwaltung „Clients“ in Ihrem Realm, wählen Sie „Create client“ und den Client-Typ „SAML“.
guide-onelogin-begin = Öffnen Sie in der OneLogin-Verwaltung „Applications“, wählen Sie „Add App“ und „SAML Custom Connector (Advanced)“.
guide-akamai-begin = Legen Sie in Akamai Enterprise Application Access eine Anwendung vom Typ „SaaS“ mit dem Protokoll „SAML 2.0“ an.
guide-other-begin = Legen Sie in Ihrem Identitätsanbieter eine Anwendung (Service Provider) für SAML 2.0 an.

# Metadaten bringen.
metadata-url = Adresse Ihrer Metadaten
metadata-file = Oder die Datei
metadata-text = Oder ihr Text
metadata-several = Das Dokument beschreibt mehrere Identitätsanbieter
metadata-entity = Entity ID des gemeinten
metadata-send = Lesen
metadata-nothing = Geben Sie eine Adresse an, wählen Sie eine Datei oder fügen Sie den Text ein.
metadata-both = Geben Sie eines von den dreien an: eine Adresse, eine Datei oder einen Text.
metadata-too-large = Diese Datei ist größer als die Metadaten jedes Identitätsanbieters.
metadata-no-text = Diese Datei ist kein Text. Metadaten sind eine XML-Datei.
found-name = Name
found-issuer = Aussteller (Entity ID)
found-address = Anmeldeadresse
found-certificate = Zertifikat
found-until = Metadaten gültig bis
certificate-until = bis { $moment }
certificate-soon = endet in { $days } Tagen, am { $moment }
certificate-ended = endete am { $moment }
