# On every page.
skip-to-content = Skip to content
footer-label = About this page
imprint = Imprint
privacy = Privacy
support = Help
support-subject = Question about signing in
support-mail-subject = Sign-in problem { $reference }
support-mail-body = The sign-in page shows me this number: { $reference }

form-again = This page had been open too long, so nothing was done. Please send it again.

# Moments.
moment = { $day } { $month } { $year }, { $time } UTC
ago-now = just now
ago-minutes =
    { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
ago-hours =
    { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December
