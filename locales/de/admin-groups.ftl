# Die Seiten der Verwaltung über Gruppen.
groups-title = Gruppen
groups-search = Namen suchen
groups-name = Gruppe
groups-description = Beschreibung
groups-members = Mitglieder
groups-internal = Hier geführt
groups-external = Extern
groups-locked = Diese Gruppe wird von { $channel } geführt und ist hier nur lesbar. Ändern Sie sie dort.
groups-empty = Gruppen, die hier angelegt werden oder die ein Kanal bringt, stehen dann in dieser Liste.
groups-new = Neue Gruppe
groups-edit = Gruppe bearbeiten
groups-delete = Gruppe löschen
groups-taken = Eine andere Gruppe hat schon diesen Namen.
groups-changed = Jemand anderes hat diese Gruppe inzwischen gespeichert. Ihre Eingaben stehen noch hier; bitte durchsehen und erneut speichern.
groups-delete-title = { $name } löschen?
groups-delete-members =
    { $count ->
        [0] Niemand ist in dieser Gruppe.
        [one] Ein Mitglied verlässt sie; das Konto bleibt.
       *[other] { $count } Mitglieder verlassen sie; ihre Konten bleiben.
    }
groups-delete-text = Was dieser Gruppe offensteht, steht ihr dann nicht mehr offen. Das lässt sich nicht rückgängig machen.
groups-add = Aufnehmen
groups-remove = Entfernen
groups-remove-label = { $name } entfernen
groups-member = Benutzer
groups-member-add = Mitglied aufnehmen
groups-member-hint = E-Mail-Adresse, Anmeldename, Benutzername oder der ganze Name
groups-member-search = Mitglieder suchen
groups-members-count =
    { $count ->
        [one] 1 Mitglied
       *[other] { $count } Mitglieder
    }
groups-no-members = Noch ist niemand in dieser Gruppe.
groups-user-unknown = Kein Benutzer hat diese Adresse oder diesen Namen.
groups-user-several = Diese Personen haben das in ihrem Namen. Wählen Sie eine, oder geben Sie eine Adresse ein.
groups-add-label = { $name }, { $email } aufnehmen

done-group-created = Die Gruppe ist angelegt.
done-group-saved = Gespeichert.
done-group-deleted = Die Gruppe ist gelöscht.
done-group-member-added = In die Gruppe aufgenommen.
done-group-member-removed = Aus der Gruppe entfernt.
