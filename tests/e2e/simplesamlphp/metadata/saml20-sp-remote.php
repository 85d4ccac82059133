<?php

/*
 * The gateway as a service provider: its own metadata, as it publishes it, read
 * by SimpleSAMLphp's own parser.
 */
foreach (glob(getenv('SSP_DIR') . '/sp/*.xml') as $file) {
    foreach (SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($file) as $id => $parser) {
        $metadata[$id] = $parser->getMetadata20SP();
        if (file_exists(getenv('SSP_DIR') . '/slo-post')) {
            $metadata[$id]['SingleLogoutService'] = array_values(array_filter(
                $metadata[$id]['SingleLogoutService'],
                fn($place) => str_ends_with($place['Binding'], ':HTTP-POST')
            ));
        }
        if (file_exists(getenv('SSP_DIR') . '/strict')) {
            /* Signed requests only, and answers for the gateway's eyes only. */
            $metadata[$id]['validate.authnrequest'] = true;
            $metadata[$id]['redirect.validate'] = true;
            $metadata[$id]['assertion.encryption'] = true;
        }
    }
}
