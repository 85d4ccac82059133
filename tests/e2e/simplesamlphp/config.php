<?php

/*
 * SimpleSAMLphp as an identity provider for the end-to-end tests.
 *
 * Everything that changes from run to run comes from two environment
 * variables: SSP_DIR, the folder of this run (keys, users, the gateway's
 * metadata, logs), and SSP_URL, the address at which PHP's server listens.
 */

$dir = getenv('SSP_DIR');

$config = [
    'baseurlpath' => getenv('SSP_URL') . '/',
    'certdir' => $dir . '/',
    'loggingdir' => $dir . '/',
    'datadir' => $dir . '/',
    'tempdir' => $dir . '/tmp',
    'metadatadir' => __DIR__ . '/metadata/',
    'metadata.sources' => [['type' => 'flatfile']],

    'technicalcontact_name' => 'End-to-end tests',
    'technicalcontact_email' => 'na@example.org',
    'timezone' => 'UTC',
    'secretsalt' => 'only-for-tests-only-for-tests',
    'auth.adminpassword' => 'only-for-tests',
    'admin.checkforupdates' => false,
    'production' => true,

    'showerrors' => true,
    'errorreporting' => false,
    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false],
    'logging.level' => SimpleSAML\Logger::NOTICE,
    'logging.handler' => 'file',
    'logging.logfile' => 'simplesamlphp.log',

    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],

    /* Plain http on a loopback address: no Secure cookies. */
    'enable.http_post' => true,
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => 'Lax',
    'session.phpsession.savepath' => $dir . '/sessions',
    'store.type' => 'phpsession',
    'language.available' => ['en'],
    'language.default' => 'en',

    'authproc.idp' => [],
];
