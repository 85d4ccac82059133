# Auf jeder Seite.
skip-to-content = Zum Inhalt springen
footer-label = Über diese Seite
imprint = Impressum
privacy = Datenschutz
support = Hilfe
support-subject = Frage zur Anmeldung
support-mail-subject = Problem bei der Anmeldung { $reference }
support-mail-body = Die Anmeldeseite zeigt mir diese Nummer: { $reference }
form-again = Diese Seite war zu lange offen, deshalb wurde nichts übernommen. Bitte senden Sie es noch einmal ab.

# Zeitpunkte.
moment = { $day }. { $month } { $year }, { $time } UTC
ago-now = gerade eben
ago-minutes =
    { $count ->
        [one] vor 1 Minute
       *[other] vor { $count } Minuten
    }
ago-hours =
    { $count ->
        [one] vor 1 Stunde
       *[other] vor { $count } Stunden
    }
month-january = Januar
month-february = Februar
month-march = März
month-april = April
month-may = Mai
month-june = Juni
month-july = Juli
month-august = August
month-september = September
month-october = Oktober
month-november = November
month-december = Dezember
