# Der Rahmen der Verwaltung.
admin-link = Verwaltung
admin-nav-label = Verwaltung
admin-menu = Menü

# Listen.
list-apply = Anzeigen
list-reset = Alle anzeigen
list-pages = Seiten
list-first = Erste Seite
list-next = Nächste Seite
list-nothing = Nichts passt dazu.

# Formulare.
form-wrong =
    { $count ->
        [one] Nichts wurde gespeichert: Eine Angabe braucht noch einen Blick.
       *[other] Nichts wurde gespeichert: { $count } Angaben brauchen noch einen Blick.
    }
form-required = Das muss ausgefüllt sein.
form-too-long = Höchstens { $most } Zeichen sind möglich.
form-hidden = Hier steht ein unsichtbares Zeichen. Bitte neu eintippen.
form-twice = Das kam doppelt an. Bitte die Seite neu laden.
form-save = Speichern
form-cancel = Abbrechen

# Rückfragen.
confirm-cancel = Abbrechen
confirm-back = Zurück

# Werte zum Kopieren.
copy = Kopieren
copy-done = Kopiert

# Rollen und Zustände.
role-admin = Admin
role-user-manager = Benutzerverwaltung
role-auditor = Prüfung
status-active = Aktiv
status-inactive = Deaktiviert
status-pending = Ausstehend

# Die Kanäle.
channel-saml = SAML-Anmeldung
channel-oauth = OpenID-Anmeldung
channel-scim = SCIM
channel-google-groups = Google Groups
channel-entra = Entra-ID-Gruppen
channel-import = Import
channel-sftp = SFTP-Import
channel-manual = Von Hand

# A form of another session.
again-title = Bitte noch einmal absenden
again-text = Diese Seite gehörte zu einer anderen Sitzung, deshalb wurde nichts geändert. Sie sind jetzt als { $name } angemeldet. Was Sie eingegeben haben, ist noch da.
again-typed = Was Sie eingegeben haben
again-secret = Geben Sie dies noch einmal ein: { $field }
again-send = Noch einmal absenden
again-anew = Die Seite neu öffnen
