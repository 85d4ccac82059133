"""Canonicalization by lxml, for tests/verifier: the second opinion.

One request a line on standard input, one answer a line on standard output:

    METHOD <tab> COMMENTS <tab> PREFIXES <tab> INDEX <tab> BASE64

METHOD is "exclusive" or "inclusive", COMMENTS "0" or "1", PREFIXES a list
parted by blanks, INDEX the number of the element in document order, BASE64 the
document. The answer is "ok <tab> BASE64" or "refused <tab> REASON".
"""

import base64
import sys

from lxml import etree

PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, strip_cdata=False, load_dtd=False
)


def answer(line):
    method, comments, prefixes, index, text = line.rstrip("\n").split("\t")
    root = etree.fromstring(base64.b64decode(text), PARSER)
    if root.getroottree().docinfo.doctype:
        raise ValueError("a document type")
    element = list(root.iter("*"))[int(index)]
    # lxml canonicalizes a part of a document under a borrowed root, where
    # libxml2 then loses sight of the default namespace. So the part becomes a
    # document of its own first, with all the namespaces that are in scope.
    element = etree.fromstring(
        etree.tostring(element, with_tail=False, encoding="UTF-8"), PARSER
    )
    octets = etree.tostring(
        element,
        method="c14n",
        exclusive=method == "exclusive",
        with_comments=comments == "1",
        inclusive_ns_prefixes=prefixes.split() or None,
        with_tail=False,
    )
    return "ok\t" + base64.b64encode(octets).decode()


def main():
    print("ready\t" + ".".join(map(str, etree.LIBXML_VERSION)), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(line)
        except Exception as error:  # any refusal is an answer
            reason = f"{type(error).__name__}: {error}"
            reply = "refused\t" + " ".join(reason.split())
        print(reply, flush=True)


main()
