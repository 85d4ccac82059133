# Setting a sign-in up by a link.
setup-title = Set up sign-in: { $provider }
setup-lead = { $sender } asks you to connect your company’s sign-in. This link works until { $until }.
setup-only = With this link you can do these four steps and nothing else.
setup-is-on = People sign in through this connection already. New metadata takes effect at once.
setup-done =
    { $count ->
        [0] None of four steps is done.
        [one] One of four steps is done.
        [4] All four steps are done.
       *[other] { $count } of four steps are done.
    }
setup-step-done = done
setup-product = Choose your product
setup-product-label = Product
setup-product-choose = Show the steps for it
setup-values = Enter these values there
setup-values-first = Choose your product first; the values then carry the names that it uses.
setup-values-done = I have entered them
setup-metadata = Bring us your metadata
setup-metadata-text = One of the three is enough. An address is best, because new certificates then arrive by themselves.
setup-metadata-found = This is what your metadata says:
setup-metadata-again = Bring other metadata
setup-changed = Somebody changed the settings at the same moment. Send it again.
setup-test = Test login
setup-test-text = Sign in as you would any other time. Nobody is signed in here, and nothing is written: you see what arrived and whether the person would get in.
setup-test-begin = Begin the test
setup-test-first = You can test as soon as your metadata is here.
setup-all-done = That is all. { $sender } can see that the test went well, and switches the sign-in on.
setup-ended-title = This link does not work any more
setup-ended-text = It has run out, or it was taken back. Ask the person who sent it to you for a new one.
setup-ended-kept = What you have set up so far is kept.

# Values to enter at an identity provider.
guide-other = Another product
guide-place = In { $product }:
guide-value-entity-id = Our entity ID
guide-value-acs = Where answers are sent (ACS URL)
guide-value-relay-state = Relay state
guide-value-name-id = NameID format
guide-value-metadata = Or all of them at once: our metadata
guide-attributes = Attributes
guide-attributes-text = Let these be sent:
guide-needed = needed
guide-people = People
guide-people-text = Let those in who shall be able to sign in:
guide-metadata = In { $product } you find the metadata here:
guide-okta-begin = In the Okta Admin Console, open Applications, choose Create App Integration and SAML 2.0, and give the app a name.
guide-entra-id-begin = In the Microsoft Entra admin center, open Enterprise applications, choose New application, Create your own application (non-gallery), and there Single sign-on, SAML.
guide-ad-fs-begin = In AD FS Management, choose Add Relying Party Trust, Claims aware, and import the data from our metadata address below; the values are filled in then.
guide-google-workspace-begin = In the Google Admin console, open Apps, Web and mobile apps, choose Add app, Add custom SAML app, and give it a name.
guide-ping-begin = In PingOne, open Applications, add one of the type SAML Application, and choose Manually Enter; in PingFederate, create an SP connection.
guide-keycloak-begin = In the Keycloak admin console, open Clients in your realm, choose Create client and the client type SAML.
guide-onelogin-begin = In the OneLogin administration, open Applications, choose Add App and SAML Custom Connector (Advanced).
guide-akamai-begin = In Akamai Enterprise Application Access, add an application of the type SaaS with the protocol SAML 2.0.
guide-other-begin = In your identity provider, make an application (service provider) for SAML 2.0.

# Bringing metadata.
metadata-url = Address of your metadata
metadata-file = Or the file
metadata-text = Or its text
metadata-several = The document describes several identity providers
metadata-entity = Entity ID of the one that is meant
metadata-send = Read it
metadata-nothing = Give an address, choose a file, or paste the text.
metadata-both = Give one of the three: an address, a file, or a text.
metadata-too-large = This file is larger than any identity provider’s metadata.
metadata-no-text = This file is no text. Metadata is an XML file.
found-name = Name
found-issuer = Issuer (entity ID)
found-address = Sign-in address
found-certificate = Certificate
found-until = Metadata valid until
certificate-until = until { $moment }
certificate-soon = ends in { $days } days, on { $moment }
certificate-ended = ended on { $moment }
