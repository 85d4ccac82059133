# Der Überblick der Verwaltung.
overview-title = Überblick
overview-logins = Anmeldungen der letzten 24 Stunden
overview-logins-all = Alle Anmeldungen
overview-succeeded = Gelungen
overview-others = Nicht gelungen
overview-hour = Stunde
overview-numbers = In Zahlen
overview-chart-from = Vor 24 Stunden
overview-chart-to = Jetzt
overview-chart-none = In den letzten 24 Stunden hat sich niemand angemeldet.
overview-chart-words = { $good } Anmeldungen sind gelungen, { $bad } nicht. Die meisten gab es in der Stunde ab { $busiest }: { $count }.
overview-reasons = Warum Menschen nicht hineinkamen
overview-latest = zuletzt
overview-endings = Läuft bald ab
overview-ends-certificate = Signaturzertifikat
overview-ends-own_key = Eigener Schlüssel dieses Gateways
overview-ends-metadata = Metadaten
overview-ends-in =
    { $count ->
        [0] Endet heute
        [one] Endet in 1 Tag
       *[other] Endet in { $count } Tagen
    }
overview-ended = Ist abgelaufen
overview-conflicts =
    { $count ->
        [one] Eine Anmeldung wurde nicht mit dem Benutzer verbunden, den sie nennt. Jemand muss entscheiden.
       *[other] { $count } Anmeldungen wurden nicht mit den Benutzern verbunden, die sie nennen. Jemand muss entscheiden.
    }
overview-conflicts-look = Entscheiden
overview-calm = Alles in Ordnung
overview-calm-text = Keine Fehlschläge in den letzten 24 Stunden, nichts läuft bald ab, nichts ist zu entscheiden.
overview-users-all = Alle Benutzer
overview-users =
    { $count ->
        [one] Ein Benutzer kann sich anmelden.
       *[other] { $count } Benutzer können sich anmelden.
    }
