# The dashboard's overview.
overview-title = Overview
overview-logins = Sign-ins of the last 24 hours
overview-logins-all = All sign-ins
overview-succeeded = Succeeded
overview-others = Did not succeed
overview-hour = Hour
overview-numbers = In numbers
overview-chart-from = 24 hours ago
overview-chart-to = Now
overview-chart-none = Nobody has signed in during the last 24 hours.
overview-chart-words = { $good } sign-ins succeeded, { $bad } did not. The busiest hour began at { $busiest }, with { $count }.
overview-reasons = Why people did not get in
overview-latest = latest
overview-endings = Ending soon
overview-ends-certificate = Signing certificate
overview-ends-own_key = This gateway’s own key
overview-ends-metadata = Metadata
overview-ends-in =
    { $count ->
        [0] Ends today
        [one] Ends in 1 day
       *[other] Ends in { $count } days
    }
overview-ended = Has ended
overview-conflicts =
    { $count ->
        [one] One sign-in was not connected to the user whom it names. Somebody has to decide.
       *[other] { $count } sign-ins were not connected to the users whom they name. Somebody has to decide.
    }
overview-conflicts-look = Decide
overview-calm = All is well
overview-calm-text = No failures in the last 24 hours, nothing that ends soon, nothing to decide.
overview-users-all = All users
overview-users =
    { $count ->
        [one] One user can sign in.
       *[other] { $count } users can sign in.
    }
