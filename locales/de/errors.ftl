# Was Menschen lesen, wenn etwas nicht gelingt: was geschehen ist, in einem
# ruhigen Satz, und was sie tun können. Keine Fachwörter, keine Vorwürfe.

error-actions-label = Was Sie tun können
error-retry = Erneut versuchen
error-other-account = Anderes Konto verwenden
error-home = Zur Startseite
error-reference-label = Ihre Vorgangsnummer
error-reference-hint = Halten Sie diese Nummer bereit, wenn Sie um Hilfe bitten.
error-contact = Kontakt

error-not-verified-title = Ihre Anmeldung lässt sich nicht bestätigen
error-not-verified-text = Die Anmeldung Ihres Unternehmens hat geantwortet, aber die Antwort lässt sich nicht bestätigen. Sie sind daher nicht angemeldet.
error-not-verified-next = Versuchen Sie es noch einmal. Wenn Sie diese Seite zweimal sehen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-start-again-title = Bitte beginnen Sie neu
error-start-again-text = Diese Anmeldung wurde in einem anderen Browser oder vor längerer Zeit begonnen.
error-start-again-next = Beginnen Sie hier neu und bleiben Sie bis zum Ende im selben Browser.

error-already-used-title = Diese Anmeldung wurde schon verwendet
error-already-used-text = Jede Anmeldung gilt einmal, und diese wurde schon verwendet, zum Beispiel weil die Seite ein zweites Mal geladen wurde.
error-already-used-next = Falls Sie nicht angemeldet sind, beginnen Sie hier neu.

error-wrong-time-title = Die Uhren stimmen nicht überein
error-wrong-time-text = Die Anmeldung Ihres Unternehmens hat geantwortet, aber ihre Uhr und unsere gehen verschieden, oder es hat sehr lange gedauert. Daher lässt sich Ihre Anmeldung nicht bestätigen.
error-wrong-time-next = Versuchen Sie es noch einmal. Wenn Sie diese Seite zweimal sehen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-provider-failed-title = Die Anmeldung Ihres Unternehmens hatte ein Problem
error-provider-failed-text = Sie hat geantwortet, dass sie Sie nicht anmelden konnte.
error-provider-failed-next = Versuchen Sie es in einigen Minuten noch einmal. Wenn es anhält, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-provider-refused-title = Ihr Konto ist hierfür nicht freigeschaltet
error-provider-refused-text = Die Anmeldung Ihres Unternehmens meldet, dass Ihr Konto dies nicht nutzen darf.
error-provider-refused-next = Fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-declined-title = Die Anmeldung wurde nicht abgeschlossen
error-declined-text = Die Anmeldung Ihres Unternehmens meldet, dass sie vor dem Ende abgebrochen wurde.
error-declined-next = Versuchen Sie es noch einmal. Wenn Sie nicht weiterkommen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-no-account-title = Für Sie gibt es noch kein Konto
error-no-account-text = Die Anmeldung Ihres Unternehmens kennt Sie, aber hier haben Sie noch kein Konto.
error-no-account-next = Bitten Sie Ihre IT um ein Konto und nennen Sie die Nummer unten.

error-domain-not-allowed-title = Mit dieser Adresse geht es hier nicht
error-domain-not-allowed-text = Ihre E-Mail-Adresse gehört zu einer Domain, die für diese Anmeldung nicht eingerichtet ist.
error-domain-not-allowed-next = Wenn Sie ein anderes dienstliches Konto haben, verwenden Sie dieses. Sonst fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-account-inactive-title = Ihr Konto ist abgeschaltet
error-account-inactive-text = Sie haben hier ein Konto, aber es ist zurzeit nicht aktiv.
error-account-inactive-next = Bitten Sie Ihre IT, es wieder einzuschalten, und nennen Sie die Nummer unten.

error-account-not-yet-valid-title = Ihr Konto beginnt später
error-account-not-yet-valid-text = Ihr Konto ist vorbereitet, aber sein erster Tag ist noch nicht da.
error-account-not-yet-valid-next = Wenn Sie es früher brauchen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-account-no-longer-valid-title = Ihr Konto ist abgelaufen
error-account-no-longer-valid-text = Der letzte Tag Ihres Kontos ist vorbei.
error-account-no-longer-valid-next = Wenn Sie es noch brauchen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-identity-conflict-title = Die IT muss sich Ihr Konto ansehen
error-identity-conflict-text = Ihre E-Mail-Adresse oder Ihr Name gehört hier schon zu einem anderen Konto. Daher ist nicht sicher, welches Ihres ist.
error-identity-conflict-next = Fragen Sie Ihre IT und nennen Sie die Nummer unten. Dort lassen sich die beiden verbinden.

error-linked-elsewhere-title = Diese Anmeldung gehört zu einem anderen Konto
error-linked-elsewhere-text = Die eben benutzte Anmeldung ist hier mit einem anderen Konto verbunden. Daher haben wir sie nicht mit Ihrem verbunden.
error-linked-elsewhere-next = Wenn auch jenes Konto Ihres ist, melden Sie sich dort an und trennen Sie die Anmeldung zuerst. Sonst fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-details-missing-title = Es fehlen Angaben zu Ihnen
error-details-missing-text = Die Anmeldung Ihres Unternehmens nennt uns Ihre E-Mail-Adresse nicht, und ohne sie finden wir Ihr Konto nicht.
error-details-missing-next = Fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-unsolicited-start-title = Bitte beginnen Sie hier
error-unsolicited-start-text = Der Start aus der App-Übersicht Ihres Unternehmens ist noch nicht eingerichtet.
error-unsolicited-start-next = Melden Sie sich stattdessen von hier aus an. Ihre IT kann den anderen Weg einrichten; die Nummer unten sagt ihr, was zu tun ist.

error-provider-unknown-title = Dieser Weg zur Anmeldung ist nicht verfügbar
error-provider-unknown-text = Der Link führt zu einer Anmeldung, die es nicht gibt oder die abgeschaltet ist.
error-provider-unknown-next = Gehen Sie zur Anmeldeseite und wählen Sie dort.

error-provider-misconfigured-title = Diese Anmeldung ist noch nicht bereit
error-provider-misconfigured-text = Die Verbindung zur Anmeldung Ihres Unternehmens ist nicht vollständig eingerichtet.
error-provider-misconfigured-next = Fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-provider-unreachable-title = Die Anmeldung Ihres Unternehmens antwortet nicht
error-provider-unreachable-text = Wir erreichen sie zurzeit nicht.
error-provider-unreachable-next = Versuchen Sie es in einigen Minuten noch einmal. Wenn es anhält, nennen Sie Ihrer IT die Nummer unten.

error-too-many-tries-title = Bitte warten Sie einen Moment
error-too-many-tries-text = Es gab in kurzer Zeit viele Versuche.
error-too-many-tries-next = Warten Sie eine Minute und versuchen Sie es dann noch einmal.

error-unavailable-title = Wir sind gleich wieder da
error-unavailable-text = Die Anmeldung ist zurzeit nicht möglich. Es geht nichts von Ihnen verloren.
error-unavailable-next = Versuchen Sie es in einer Minute noch einmal. Wenn es anhält, nennen Sie Ihrer IT die Nummer unten.

error-not-found-title = Hier ist keine Seite
error-not-found-text = Die Adresse, der Sie gefolgt sind, führt nirgendwohin.
error-not-found-next = Prüfen Sie die Adresse oder gehen Sie zur Startseite.

error-method-not-allowed-title = So geht es nicht
error-method-not-allowed-text = Diese Adresse lässt sich nicht direkt öffnen.
error-method-not-allowed-next = Gehen Sie zur Startseite und von dort weiter.

error-malformed-title = Diese Anfrage ist nicht lesbar
error-malformed-text = Etwas darin ist unvollständig oder wurde unterwegs verändert.
error-malformed-next = Gehen Sie zurück und versuchen Sie es noch einmal. Wenn Sie diese Seite zweimal sehen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-too-large-title = Das ist zu groß
error-too-large-text = Was gesendet wurde, ist größer, als wir annehmen können.
error-too-large-next = Senden Sie etwas Kleineres, oder fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-form-expired-title = Diese Seite war zu lange offen
error-form-expired-text = Zu Ihrer Sicherheit wurde nichts geändert.
error-form-expired-next = Laden Sie die Seite neu und wiederholen Sie, was Sie tun wollten.

error-not-admitted-title = Sie haben hierauf keinen Zugriff
error-not-admitted-text = Ihr Konto darf diese Seite nicht öffnen.
error-not-admitted-next = Wenn Sie Zugriff haben sollten, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-unexpected-title = Bei uns ist etwas schiefgegangen
error-unexpected-text = Es liegt nicht an Ihnen, und es geht nichts von Ihnen verloren.
error-unexpected-next = Versuchen Sie es noch einmal. Wenn Sie diese Seite zweimal sehen, fragen Sie Ihre IT und nennen Sie die Nummer unten.

error-logout-not-verified-title = Diese Abmeldung lässt sich nicht bestätigen
error-logout-not-verified-text = Eine Nachricht sollte hier jemanden abmelden, und wir können nicht bestätigen, woher sie kam. Sie hat nichts verändert.
error-logout-not-verified-next = Wenn Sie sich hier abmelden möchten, wählen Sie „Abmelden“ auf Ihrer Kontoseite.

error-logout-incomplete-title = Sie sind hier abgemeldet
error-logout-incomplete-text = Die Anmeldung Ihres Unternehmens hat so geantwortet, dass wir es nicht bestätigen können. Dort ist sie vielleicht noch offen.
error-logout-incomplete-next = Melden Sie sich auf einem gemeinsam genutzten Gerät auch dort ab und schließen Sie den Browser.
error-app-request-title = Der Link der App funktioniert nicht
error-app-request-text = Die App hat Sie mit einer Anfrage hierher geschickt, die sich nicht sicher beantworten lässt. Deshalb wurde nichts an sie zurückgeschickt.
error-app-request-next = Gehen Sie zurück zur App und versuchen Sie es noch einmal. Hilft das nicht, nennen Sie Ihrem IT-Team die Nummer unten.

error-app-request-over-title = Diese Anmeldung ist beendet
error-app-request-over-text = Sie hat zu lange gedauert oder wurde schon abgeschlossen.
error-app-request-over-next = Gehen Sie zurück zur App und melden Sie sich von dort aus neu an.
error-passkey-not-accepted-title = Dieser Passkey meldet Sie hier nicht an
error-passkey-not-accepted-text = Der Passkey oder Sicherheitsschlüssel führt zu keinem Konto, das sich zurzeit anmelden kann.
error-passkey-not-accepted-next = Melden Sie sich anders an. Geht das nicht, wenden Sie sich an Ihre IT und nennen Sie die Nummer unten.
