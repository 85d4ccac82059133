# The dashboard's pages on users.
users-title = Users
users-search = Search name, e-mail, department
users-status = Status
users-status-all = Any status
users-source = Source
users-source-all = Any source
users-role = Role
users-role-all = Anybody
users-role-any = Any role
users-group = Group
users-group-all = Any group
users-last-login = Last sign-in
users-never = Never
users-empty = Everybody who signs in, is imported or is added here will stand in this list.

done-user-saved = Saved.
told-user-gone = That user was deleted in the meantime.

# One user.
users-profile = Profile
users-profile-edit = Edit profile
users-profile-empty = Nothing is known of this user yet.
users-logins = Attempts to sign in
users-history = History
users-access = Access
users-validity-edit = Edit validity
users-roles-edit = Edit roles
users-roles = Roles
users-roles-none = None
users-groups = Groups
users-groups-edit = Edit groups
users-groups-empty = In no group.
users-identities = Connected sign-ins
users-identities-empty = No provider knows this user yet.
users-identity-since = Connected
users-identity-used = last used
users-sessions = Sessions
users-sessions-empty = Not signed in anywhere.
users-session-local = Signed in here
users-session-since = Signed in
users-session-seen = last active
users-sign-out = Sign out everywhere
users-ends = Deactivate or delete
users-ends-text = Who is deactivated is shut out and can be let in again. Who is deleted is gone for good.
users-deactivate = Deactivate
users-reactivate = Reactivate
users-delete = Delete
users-always = From the beginning
users-open-end = No end
users-created = Created
users-verified = E-mail confirmed
users-yes = Yes
users-no = No
users-scim-id = SCIM id
users-kept-by = Kept by: { $channel }
users-kept-there = Kept by: { $channel }. Change it there.
users-note-not-yet = Cannot sign in yet: valid from { $at }.
users-note-expired = Cannot sign in any more: was valid until { $at }.

# Why a field is locked, and where it is changed.
users-locked-saml = The identity provider keeps this. Change it there; it arrives with the next sign-in.
users-locked-oauth = The identity provider keeps this. Change it there; it arrives with the next sign-in.
users-locked-scim = The directory that sends users by SCIM keeps this. Change it there.
users-locked-google-groups = Google Workspace keeps this. Change it there.
users-locked-entra = Entra ID keeps this. Change it there.
users-locked-import = The imported list keeps this. Change it there and import it again.
users-locked-sftp = The list that arrives by SFTP keeps this. Change it there.
users-locked-manual = This is kept by hand.
users-locked-role = This user has a role, and signs in by this. Only an admin changes it.

# Editing one user.
users-attributes = Further attributes
users-changed = Somebody else saved this user in the meantime. What you typed is still here; look through it and save again.
users-now = Stands as “{ $value }” now.
users-now-empty = Is empty now.
users-taken = This belongs to another user already.
users-wrong = This value can’t stand here.
users-wrong-email = This is not an e-mail address.
users-wrong-user_name = This needs 1 to 256 visible characters.
users-wrong-upn = This needs 1 to 256 visible characters.
users-wrong-moment = This is not a date and time.
users-wrong-order = The end must not lie before the beginning.
users-wrong-role = There is no such role.
users-own-role = You can’t take the role Admin away from yourself. Ask another admin.
users-validity-text = Outside of this time nobody signs in with this account. Leave a field empty for no bound.
users-validity-utc = Date and time in UTC.
users-roles-of = What { $name } may do at the dashboard
users-roles-effect = When roles change, all sessions of this user and the API tokens that they made end at once.
role-admin-text = Everything.
role-user-manager-text = Users, groups and imports.
role-auditor-text = Reads everything, changes nothing.
users-group-add = Add to a group
users-group-unknown = There is no group of this name here. Groups that a channel keeps can’t be changed here.
users-group-remove-label = Remove from { $name }

# Questions.
users-deactivate-title = Deactivate { $name }?
users-deactivate-text = This user can’t sign in until somebody reactivates the account.
users-reactivate-title = Reactivate { $name }?
users-reactivate-text = This user can sign in again.
users-delete-title = Delete { $name }?
users-delete-text = The profile, the memberships and the connected sign-ins go for good. The audit log stays. If a channel knows this person, the next sign-in may create a new account.
users-sign-out-title = Sign { $name } out everywhere?
users-sign-out-text = This user can sign in again at any time.
users-not-oneself = This is your own account. Ask another admin to do it.
users-ends-sessions =
    { $count ->
        [0] No session is open.
        [one] One session ends at once.
       *[other] { $count } sessions end at once.
    }
users-ends-tokens =
    { $count ->
        [one] One API token that this user made stops working.
       *[other] { $count } API tokens that this user made stop working.
    }

# Many users at once.
users-select = Select { $name }
users-pick = Select
users-picked = With the selected users:
users-deactivate-many-title =
    { $count ->
        [one] Deactivate 1 user?
       *[other] Deactivate { $count } users?
    }
users-deactivate-many-text = They can’t sign in until somebody reactivates them. Their sessions, and the API tokens that they made, end at once.
users-deactivate-many =
    { $count ->
        [one] Deactivate 1 user
       *[other] Deactivate { $count } users
    }
users-reactivate-many-title =
    { $count ->
        [one] Reactivate 1 user?
       *[other] Reactivate { $count } users?
    }
users-reactivate-many-text = They can sign in again.
users-reactivate-many =
    { $count ->
        [one] Reactivate 1 user
       *[other] Reactivate { $count } users
    }
users-and-more =
    { $count ->
        [one] and one more
       *[other] and { $count } more
    }
users-without-oneself = Your own account was selected too. It stays as it is.

# What has been done.
done-user-roles = The roles are saved. The user’s sessions have ended.
done-user-deactivate = The user is deactivated.
done-user-reactivate = The user is active again.
done-user-delete = The user is deleted.
done-user-sign-out = The user is signed out everywhere.
done-user-group-added = Added to the group.
done-user-group-removed = Removed from the group.
done-users-deactivate =
    { $count ->
        [one] One user is deactivated.
       *[other] { $count } users are deactivated.
    }
done-users-deactivate-but =
    { $count ->
        [one] One user is deactivated. Your own account and the last admin stay as they are.
       *[other] { $count } users are deactivated. Your own account and the last admin stay as they are.
    }
done-users-reactivate =
    { $count ->
        [one] One user is active again.
       *[other] { $count } users are active again.
    }
done-users-reactivate-but =
    { $count ->
        [one] One user is active again.
       *[other] { $count } users are active again.
    }

# Why nothing has been done.
told-user-last-admin = This is the last admin who can sign in. Make another admin first.
told-user-not-oneself = This is your own account. Ask another admin to do it.
told-user-deactivate-already = The user is deactivated already.
told-user-reactivate-already = The user is not deactivated.
told-users-none-chosen = There was nothing to do: select users in the list first.
told-users-spared = Nothing was changed: your own account and the last admin stay as they are.
told-group-gone = That group or user was deleted in the meantime.
told-group-external = A channel keeps that group. Change it there.
