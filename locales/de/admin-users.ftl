# Die Seiten der Verwaltung über Benutzer.
users-title = Benutzer
users-search = Name, E-Mail, Abteilung suchen
users-status = Zustand
users-status-all = Jeder Zustand
users-source = Herkunft
users-source-all = Jede Herkunft
users-role = Rolle
users-role-all = Alle
users-role-any = Irgendeine Rolle
users-group = Gruppe
users-group-all = Jede Gruppe
users-last-login = Letzte Anmeldung
users-never = Nie
users-empty = Wer sich anmeldet, importiert oder hier angelegt wird, steht dann in dieser Liste.

done-user-saved = Gespeichert.
told-user-gone = Dieser Benutzer wurde inzwischen gelöscht.
