<?php

/*
 * The gateway as a service provider: its own metadata, as it publishes it, read
 * by SimpleSAMLphp's own parser.
 */
foreach (glob(getenv('SSP_DIR') . '/sp/*.xml') as $file) {
    foreach (SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($file) as $id => $parser) {
        $metadata[$id] = $parser->getMetadata20SP();
    }
}
