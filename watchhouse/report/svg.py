"""What Vega draws, made fit for a page: no fixed size, own ids, hover texts instead of roles."""

import re
from xml.etree import ElementTree as ET

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def tidy(svg: str, name: str, title: str, kind: str) -> str:
    """An inline SVG whose ids begin with `name`, so that many live on one page.

    The text of a mark that Vega gives to screen readers becomes its tooltip; the chart as a whole
    has a name, and the table behind it the values.
    """
    root = ET.fromstring(svg)
    for element in root.iter():
        tip = element.get("aria-label")
        for key in [*element.keys()]:
            if key == "role" or key.startswith("aria-"):
                del element.attrib[key]
        _rename(element, name)
        if tip and element.tag in (f"{{{_SVG}}}path", f"{{{_SVG}}}line"):
            ET.SubElement(element, f"{{{_SVG}}}title").text = tip
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    root.set("class", f"chart {kind}")
    root.set("role", "img")
    root.set("aria-label", title)
    return ET.tostring(root, encoding="unicode")


def _rename(element: ET.Element, name: str) -> None:
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    for key, value in element.attrib.items():
        if "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
