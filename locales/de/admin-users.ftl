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

# Ein Benutzer.
users-profile = Profil
users-profile-edit = Profil bearbeiten
users-profile-empty = Von diesem Benutzer ist noch nichts bekannt.
users-logins = Anmeldeversuche
users-history = Verlauf
users-access = Zugang
users-validity-edit = Gültigkeit bearbeiten
users-roles-edit = Rollen bearbeiten
users-roles = Rollen
users-roles-none = Keine
users-groups = Gruppen
users-groups-edit = Gruppen bearbeiten
users-groups-empty = In keiner Gruppe.
users-identities = Verbundene Anmeldungen
users-identities-empty = Noch kennt kein Anbieter diesen Benutzer.
users-identity-since = Verbunden
users-identity-used = zuletzt benutzt
users-sessions = Sitzungen
users-sessions-empty = Nirgends angemeldet.
users-session-local = Hier angemeldet
users-session-since = Angemeldet
users-session-seen = zuletzt aktiv
users-sign-out = Überall abmelden
users-ends = Deaktivieren oder löschen
users-ends-text = Wer deaktiviert ist, bleibt ausgesperrt und kann wieder zugelassen werden. Wer gelöscht ist, ist endgültig weg.
users-deactivate = Deaktivieren
users-reactivate = Reaktivieren
users-delete = Löschen
users-always = Von Anfang an
users-open-end = Ohne Ende
users-created = Angelegt
users-verified = E-Mail bestätigt
users-yes = Ja
users-no = Nein
users-scim-id = SCIM-Kennung
users-kept-by = Geführt von: { $channel }
users-kept-there = Geführt von: { $channel }. Dort ändern.
users-note-not-yet = Kann sich noch nicht anmelden: gültig ab { $at }.
users-note-expired = Kann sich nicht mehr anmelden: war gültig bis { $at }.

# Warum ein Feld gesperrt ist und wo es geändert wird.
users-locked-saml = Der Identitätsanbieter führt das. Dort ändern; es kommt mit der nächsten Anmeldung an.
users-locked-oauth = Der Identitätsanbieter führt das. Dort ändern; es kommt mit der nächsten Anmeldung an.
users-locked-scim = Das Verzeichnis, das Benutzer über SCIM schickt, führt das. Dort ändern.
users-locked-google-groups = Google Workspace führt das. Dort ändern.
users-locked-entra = Entra ID führt das. Dort ändern.
users-locked-import = Die importierte Liste führt das. Dort ändern und neu importieren.
users-locked-sftp = Die Liste, die über SFTP kommt, führt das. Dort ändern.
users-locked-manual = Das wird von Hand geführt.
users-locked-role = Dieser Benutzer hat eine Rolle und meldet sich hiermit an. Nur ein Admin ändert das.

# Einen Benutzer bearbeiten.
users-attributes = Weitere Attribute
users-changed = Jemand anderes hat diesen Benutzer inzwischen gespeichert. Ihre Eingaben stehen noch hier; bitte durchsehen und erneut speichern.
users-now = Steht jetzt als „{ $value }“ da.
users-now-empty = Ist jetzt leer.
users-taken = Das gehört schon einem anderen Benutzer.
users-wrong = Dieser Wert ist hier nicht möglich.
users-wrong-email = Das ist keine E-Mail-Adresse.
users-wrong-user_name = Hier braucht es 1 bis 256 sichtbare Zeichen.
users-wrong-upn = Hier braucht es 1 bis 256 sichtbare Zeichen.
users-wrong-moment = Das ist kein Datum mit Uhrzeit.
users-wrong-order = Das Ende darf nicht vor dem Anfang liegen.
users-wrong-role = Diese Rolle gibt es nicht.
users-own-role = Die Rolle Admin können Sie sich nicht selbst nehmen. Fragen Sie einen anderen Admin.
users-validity-text = Außerhalb dieser Zeit meldet sich mit diesem Konto niemand an. Ein leeres Feld heißt: ohne Grenze.
users-validity-utc = Datum und Uhrzeit in UTC.
users-roles-of = Was { $name } in der Verwaltung darf
users-roles-effect = Wenn sich Rollen ändern, enden alle Sitzungen dieses Benutzers und die von ihm erstellten API-Token sofort.
role-admin-text = Alles.
role-user-manager-text = Benutzer, Gruppen und Importe.
role-auditor-text = Liest alles, ändert nichts.
users-group-add = In eine Gruppe aufnehmen
users-group-unknown = Eine Gruppe dieses Namens gibt es hier nicht. Gruppen, die ein Kanal führt, werden nicht hier geändert.
users-group-remove-label = Aus { $name } entfernen

# Rückfragen.
users-deactivate-title = { $name } deaktivieren?
users-deactivate-text = Dieser Benutzer kann sich nicht anmelden, bis jemand das Konto reaktiviert.
users-reactivate-title = { $name } reaktivieren?
users-reactivate-text = Dieser Benutzer kann sich wieder anmelden.
users-delete-title = { $name } löschen?
users-delete-text = Profil, Mitgliedschaften und verbundene Anmeldungen gehen endgültig verloren. Das Protokoll bleibt. Kennt ein Kanal diese Person, kann die nächste Anmeldung ein neues Konto anlegen.
users-sign-out-title = { $name } überall abmelden?
users-sign-out-text = Dieser Benutzer kann sich jederzeit wieder anmelden.
users-not-oneself = Das ist Ihr eigenes Konto. Bitten Sie einen anderen Admin darum.
users-ends-sessions =
    { $count ->
        [0] Keine Sitzung ist offen.
        [one] Eine Sitzung endet sofort.
       *[other] { $count } Sitzungen enden sofort.
    }
users-ends-tokens =
    { $count ->
        [one] Ein API-Token, das dieser Benutzer erstellt hat, gilt nicht mehr.
       *[other] { $count } API-Token, die dieser Benutzer erstellt hat, gelten nicht mehr.
    }

# Viele Benutzer auf einmal.
users-select = { $name } auswählen
users-pick = Auswählen
users-picked = Mit den ausgewählten Benutzern:
users-deactivate-many-title =
    { $count ->
        [one] 1 Benutzer deaktivieren?
       *[other] { $count } Benutzer deaktivieren?
    }
users-deactivate-many-text = Sie können sich nicht anmelden, bis jemand sie reaktiviert. Ihre Sitzungen und die von ihnen erstellten API-Token enden sofort.
users-deactivate-many =
    { $count ->
        [one] 1 Benutzer deaktivieren
       *[other] { $count } Benutzer deaktivieren
    }
users-reactivate-many-title =
    { $count ->
        [one] 1 Benutzer reaktivieren?
       *[other] { $count } Benutzer reaktivieren?
    }
users-reactivate-many-text = Sie können sich wieder anmelden.
users-reactivate-many =
    { $count ->
        [one] 1 Benutzer reaktivieren
       *[other] { $count } Benutzer reaktivieren
    }
users-and-more =
    { $count ->
        [one] und ein weiterer
       *[other] und { $count } weitere
    }
users-without-oneself = Ihr eigenes Konto war auch ausgewählt. Es bleibt, wie es ist.

# Was getan ist.
done-user-roles = Die Rollen sind gespeichert. Die Sitzungen des Benutzers sind beendet.
done-user-deactivate = Der Benutzer ist deaktiviert.
done-user-reactivate = Der Benutzer ist wieder aktiv.
done-user-delete = Der Benutzer ist gelöscht.
done-user-sign-out = Der Benutzer ist überall abgemeldet.
done-user-group-added = In die Gruppe aufgenommen.
done-user-group-removed = Aus der Gruppe entfernt.
done-users-deactivate =
    { $count ->
        [one] Ein Benutzer ist deaktiviert.
       *[other] { $count } Benutzer sind deaktiviert.
    }
done-users-deactivate-but =
    { $count ->
        [one] Ein Benutzer ist deaktiviert. Ihr eigenes Konto und der letzte Admin bleiben, wie sie sind.
       *[other] { $count } Benutzer sind deaktiviert. Ihr eigenes Konto und der letzte Admin bleiben, wie sie sind.
    }
done-users-reactivate =
    { $count ->
        [one] Ein Benutzer ist wieder aktiv.
       *[other] { $count } Benutzer sind wieder aktiv.
    }
done-users-reactivate-but =
    { $count ->
        [one] Ein Benutzer ist wieder aktiv.
       *[other] { $count } Benutzer sind wieder aktiv.
    }

# Warum nichts getan ist.
told-user-last-admin = Das ist der letzte Admin, der sich anmelden kann. Ernennen Sie zuerst einen anderen.
told-user-not-oneself = Das ist Ihr eigenes Konto. Bitten Sie einen anderen Admin darum.
told-user-deactivate-already = Der Benutzer ist schon deaktiviert.
told-user-reactivate-already = Der Benutzer ist nicht deaktiviert.
told-users-none-chosen = Es gab nichts zu tun: Wählen Sie zuerst Benutzer in der Liste aus.
told-users-spared = Nichts wurde geändert: Ihr eigenes Konto und der letzte Admin bleiben, wie sie sind.
told-group-gone = Diese Gruppe oder dieser Benutzer wurde inzwischen gelöscht.
told-group-external = Ein Kanal führt diese Gruppe. Ändern Sie sie dort.
