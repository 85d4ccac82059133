# The dashboard's pages on groups.
groups-title = Groups
groups-search = Search name
groups-name = Group
groups-description = Description
groups-members = Members
groups-internal = Kept here
groups-external = External
groups-locked = This group is kept by { $channel } and read-only here. Change it there.
groups-empty = Groups that are created here, or that a channel brings, will stand in this list.
groups-new = New group
groups-edit = Edit group
groups-delete = Delete group
groups-taken = Another group has this name already.
groups-changed = Somebody else saved this group in the meantime. What you typed is still here; look through it and save again.
groups-delete-title = Delete { $name }?
groups-delete-members =
    { $count ->
        [0] Nobody is in this group.
        [one] One member leaves it; the account stays.
       *[other] { $count } members leave it; their accounts stay.
    }
groups-delete-text = What is open to this group is not open to it any more. This can’t be undone.
groups-add = Add
groups-remove = Remove
groups-remove-label = Remove { $name }
groups-member = User
groups-member-add = Add a member
groups-member-hint = E-mail address, sign-in name, user name, or the whole name
groups-member-search = Search members
groups-members-count =
    { $count ->
        [one] 1 member
       *[other] { $count } members
    }
groups-no-members = Nobody is in this group yet.
groups-user-unknown = No user has this address or name.
groups-user-several = These people have this in their name. Choose one, or enter an address.
groups-add-label = Add { $name }, { $email }

done-group-created = The group is created.
done-group-saved = Saved.
done-group-deleted = The group is deleted.
done-group-member-added = Added to the group.
done-group-member-removed = Removed from the group.
