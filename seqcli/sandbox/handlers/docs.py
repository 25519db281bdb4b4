"""The OpenAPI document and the page that shows it; scripts and styles come from a package on disk, never
from the net.
"""

from pathlib import Path

from seqcli.sandbox.serving import Answer, Box, Call, not_found, serves
from seqcli.wire import docs, strict

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_MEDIA = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".html": "text/html"}
_START = b"""// This page's library reads OpenAPI 3.0: it is shown the document with 3.0's word for "or null".
function older(node) {
  if (Array.isArray(node)) return node.map(older);
  if (node === null || typeof node !== "object") return node;
  const result = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, older(value)]));
  if (Array.isArray(result.anyOf)) {
    const rest = result.anyOf.filter((kind) => kind.type !== "null");
    if (rest.length < result.anyOf.length) {
      delete result.anyOf;
      Object.assign(result, rest.length === 1 ? rest[0] : { anyOf: rest }, { nullable: true });
    }
  }
  return result;
}
fetch("/openapi.json").then((reply) => reply.json()).then((document) => {
  const spec = { ...older(document), openapi: "3.0.3" };
  window.ui = SwaggerUIBundle({ spec, dom_id: "#page", deepLinking: true, validatorUrl: null });
});
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sequence Markets sandbox</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_WITHOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sequence Markets sandbox</title></head>
<body><h1>Sequence Markets sandbox</h1>
<p>This page needs an extra: <code>pip install 'seqcli[docs]'</code>, then start the server again.</p>
<p>The document itself is at <a href="/openapi.json">/openapi.json</a>.</p></body></html>
"""


@serves(docs.DOCUMENT)
def document(_box: Box, _call: Call) -> Answer:
    """The API, described."""
    from seqcli.sandbox.service.openapi import document as write

    return Answer(strict.encode(write("/")))


@serves(docs.PAGE)
def page(_box: Box, _call: Call) -> Answer:
    """The page, or how to add it."""
    text = _WITHOUT if _assets() is None else _PAGE
    return Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8", **_HEADERS})


@serves(docs.ASSET)
def asset(_box: Box, call: Call) -> Answer:
    """A file of the package, by its plain name."""
    name = call.path["asset"]
    media = _MEDIA.get(Path(name).suffix)
    if name == "start.js":
        return Answer(_START, headers={"Content-Type": "text/javascript", **_HEADERS})
    folder = _assets()
    if folder is not None and media is not None and name in {file.name for file in folder.iterdir()}:
        return Answer((folder / name).read_bytes(), headers={"Content-Type": media, **_HEADERS})
    raise not_found("asset", name)


def _assets() -> Path | None:
    try:
        from swagger_ui_bundle import swagger_ui_path
    except ImportError:
        return None
    return Path(swagger_ui_path)
