# Sicherheit.
security-title = Sicherheit
security-passwords = Anmeldung mit Passwort
security-state-on = An
security-state-off = Aus
security-passwords-on = Man kann sich mit einem Passwort anmelden, das das Gateway verwahrt.
security-passwords-off = Niemand meldet sich mit einem Passwort an. Es gibt kein Formular, und es werden keine Mails für neue Passwörter verschickt.
security-way-back = Der Weg zurück, wenn kein Provider mehr funktioniert, auf der Maschine, auf der das Gateway läuft:
security-off = Ausschalten …
security-on = Einschalten …
security-off-title = Passwörter ausschalten?
security-off-text = Das Formular verschwindet von der Anmeldeseite, und kein Passwort gilt mehr. Sitzungen laufen weiter.
security-off-count = { $count ->
    [0] Alle, die ein Passwort haben, haben auch einen anderen Weg herein.
    [one] Eine Person hat ein Passwort und keinen anderen Weg herein und kann sich nicht mehr anmelden.
   *[other] { $count } Personen haben ein Passwort und keinen anderen Weg herein und können sich nicht mehr anmelden.
  }
security-off-way-back = Wenn kein Provider mehr funktioniert, kommt ein Administrator mit „doorward user way-in“ auf der Maschine wieder herein.
security-off-proof = Dafür muss sich zeigen, dass es einen anderen Weg gibt: Melden Sie sich zuerst in diesem Browser über einen Provider an, und kommen Sie wieder. Sie haben sich anders angemeldet.
security-off-button = Ausschalten
security-on-title = Passwörter einschalten?
security-on-text = Das Formular kommt zurück auf die Anmeldeseite. Passwörter von früher gelten wieder.
security-on-button = Einschalten
security-mails = Mail
security-no-mail = Es ist kein Mailserver eingerichtet ([smtp]), deshalb werden keine Mails verschickt. Einladungen zeigen ihren Link stattdessen den Administratoren.
security-waiting = Wartend
security-failed = Aufgegeben
security-mail-to = An
security-mail-kind = Anlass
security-mail-state = Zustand
security-mail-written = Geschrieben
security-mail-do = Aktion
security-mail-retry = Noch einmal
security-mail-retry-label = Die Mail an { $to } noch einmal versuchen
security-mail-tries = { $count ->
    [one] Nach einem Versuch:
   *[other] Nach { $count } Versuchen:
  }
mail-kind-activation = Einladung
mail-kind-reset = Neues Passwort
mail-kind-provider = Wie man sich anmeldet
mail-kind-password-changed = Passwort geändert
mail-state-waiting = Wartet
mail-state-sending = Wird verschickt
mail-state-sent = Verschickt
mail-state-failed = Aufgegeben
done-security-on = Passwörter sind eingeschaltet.
done-security-off = Passwörter sind ausgeschaltet.
told-security-proof = Es wurde nichts geändert: Melden Sie sich zuerst über einen Provider an, das zeigt, dass es einen anderen Weg gibt.
done-security-mail-retried = Die Mail wird noch einmal versucht.
told-security-mail-gone = Diese Mail gibt es nicht mehr, oder sie wird gerade verschickt.

# Einladen.
users-invite = Einladen
users-invite-title = { $name } einladen?
users-invite-mail = Eine Mail mit einem Link geht an { $email }.
users-invite-link = Es gibt keinen Mailserver, deshalb wird der Link Ihnen gezeigt, einmal. Geben Sie ihn nur dieser Person: Er öffnet das Konto.
users-invite-text = Der Link funktioniert sieben Tage lang, einmal. Er bestätigt die Adresse, und die Person wählt damit ein Passwort.
users-invite-inactive = Diese Person ist deaktiviert. Reaktivieren Sie sie zuerst.
users-invite-no-address = Diese Person hat keine E-Mail-Adresse.
users-invite-role = Diese Person hat hier eine Rolle. Ein Administrator lädt sie ein.
users-invite-no-mail = Es gibt keinen Mailserver, der Link würde also gezeigt. Solche Links sehen nur Administratoren.
users-invited-title = Geben Sie diesen Link weiter
users-invited-text = { $name } aktiviert damit das Konto. Er wird nicht noch einmal gezeigt.
users-invited-label = Link
done-user-invited = Die Einladung ist unterwegs.
mail-kind-application = Anwendung
mail-kind-key = Sicherheitsschlüssel
