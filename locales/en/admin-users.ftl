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
