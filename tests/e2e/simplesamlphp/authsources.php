<?php

/* user:password => attributes, from a file that the tests rewrite. */
$users = json_decode(file_get_contents(getenv('SSP_DIR') . '/users.json'), true);

$config = [
    'people' => array_merge(['exampleauth:UserPass'], $users),
];
