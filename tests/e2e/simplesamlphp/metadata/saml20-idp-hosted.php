<?php

$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'saml20.sign.assertion' => true,
    'saml20.sign.response' => true,
    'SingleSignOnServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
    /* Logout messages: signed, and only signed ones. */
    'sign.logout' => true,
    'validate.logout' => true,
    'SingleLogoutServiceBinding' => file_exists(getenv('SSP_DIR') . '/slo-post')
        ? ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST']
        : ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'],
    'NameIDFormat' => ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    'authproc' => [
        /* The persistent NameID is derived from this attribute, which, unlike
           name, address or department, never changes. */
        3 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
    ],
];
