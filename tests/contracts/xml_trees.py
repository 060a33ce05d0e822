"""Documents that hypothesis makes, with what the transform has rules about: texts, prefixes, attributes, noise."""

from __future__ import annotations

from hypothesis import strategies as st

from socert.contracts.xml import escape_attribute

texts = st.text(st.sampled_from(">&<]\r\n\t \x7f\x85\xa0«abcdefghё\uf8fe\uf8ff\U0001f600"), max_size=30)
uris = st.sampled_from(["urn:a", "urn:b", "http://example.org/c?d='1'#e"])
names = st.sampled_from(["a", "b", "Id", "ё"])


def written(text: str) -> str:
    """Escape more than is needed, as many writers do."""
    return "".join(c if c.isalpha() else f"&#{ord(c)};" if c in "<&>\r\x7f\x85" else c for c in text)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3, instructions: bool = False) -> str:
    """Make one element with all that is in it; instructions only where told, since they part texts for good."""
    prefix, uri = draw(st.sampled_from(["", "p", "ns1", "ns2"])), draw(uris)
    name = f"{prefix}:{draw(names)}" if prefix else draw(names)
    attributes = draw(st.dictionaries(st.tuples(st.booleans(), names), texts, max_size=3))
    other = draw(uris)
    lines = [f'xmlns{":" if prefix else ""}{prefix}="{escape_attribute(uri)}" xmlns:q="{escape_attribute(other)}"']
    lines += [f'{"q:" if q else ""}{local}="{escape_attribute(v)}"' for (q, local), v in attributes.items()]
    noise = st.sampled_from(["", " \n", "<!--c-->", *(["<?p >?>"] if instructions else [])])
    below = elements(depth=depth - 1, instructions=instructions)
    inside = st.one_of(texts.map(written), noise, below) if depth else texts.map(written)
    return f"<{name} {' '.join(lines)}>{''.join(draw(st.lists(inside, max_size=4)))}</{name}>"
