"""The document and the page that describe this API; no key."""

from typing import Any

from seqcli.wire.operation import Access, Operation

DOCUMENT = Operation(
    name="docs.document",
    method="GET",
    path="/openapi.json",
    summary="This API as an OpenAPI 3.1 document",
    reply=dict[str, Any],
    access=Access.PUBLIC,
)
PAGE = Operation(
    name="docs.page",
    method="GET",
    path="/docs",
    summary="The document as a page (text/html)",
    reply=str,
    access=Access.PUBLIC,
)
ASSET = Operation(
    name="docs.asset",
    method="GET",
    path="/docs/{asset}",
    summary="A script or style of the page",
    reply=bytes,
    errors=("NOT_FOUND",),
    access=Access.PUBLIC,
)
OPERATIONS = (DOCUMENT, PAGE, ASSET)
