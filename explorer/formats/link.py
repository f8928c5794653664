"""A recipe as the text of a link, and back; ``assets/page/link.js`` does the same, and a test compares the two.

    v1~tiny-en~sa~depth~lambda:0.2~alpha:0.8~scope:encoder.self,decoder.cross~add:m2:0.3

version ~ triple ~ method ~ schedule (of a method with a curve) ~ key:value … Keys may stand in any order; what is left
out takes its default. ``~``, ``:``, ``,`` and ``%`` inside a name are written %7E, %3A, %2C and %25.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, quote

from explorer.attention import LANES, PROJECTIONS
from explorer.errors import RecipeError, seen
from explorer.finer import FINER_PARTS, Ratio
from explorer.methods import DEFAULT_METHOD, METHODS, Method
from explorer.recipe import Recipe

LINK_VERSION = "v1"
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CODES = {"%": "%25", "~": "%7E", ":": "%3A", ",": "%2C"}
_SIGNS = {code: sign for sign, code in _CODES.items()}
_SMALLEST_PLAIN = 1e-6  # smaller numbers are written with an exponent, as browsers do


def link_text(recipe: Recipe) -> str:
    """Write a recipe as a link carries it, not yet encoded for an address."""
    row, curve = recipe.row, recipe.row.curve
    fields = [LINK_VERSION, _escaped(recipe.triple), recipe.method]
    if curve:
        fields += [recipe.schedule, f"lambda:{_number_text(recipe.mixing)}", f"alpha:{_numbers_text(recipe.exponents)}"]
    for name, value in recipe.values:
        fields.append(f"{name}:{_escaped(value) if isinstance(value, str) else _number_text(value)}")
    if recipe.scope != row.parts:
        fields.append(f"scope:{','.join(recipe.scope)}")
    if curve and recipe.projections != PROJECTIONS:
        fields.append(f"projections:{','.join(recipe.projections)}")
    if curve and recipe.schedule == "custom":
        fields += [f"{lane}:{_numbers_text(values)}" for lane, values in recipe.ratios]
        fields += [f"{part}:{','.join(map(_ratio_text, ratios))}" for part, ratios in recipe.finer]
    for each in recipe.add:
        scope = each.as_dict().get("scope")
        parts = [_escaped(each.vector), _number_text(each.beta), *([] if scope is None else [",".join(scope)])]
        fields.append(f"add:{':'.join(parts)}")
    return "~".join(fields)


def link_query(recipe: Recipe) -> str:
    """Return what stands behind the page's address: ``?r=…``."""
    return f"?r={quote(link_text(recipe), safe='~:,')}"


def link_entries(link: str, where: str = "link") -> dict[str, Any]:
    """Read the recipe of a link: a whole address, its query, or the text of ``r`` alone.

    Args:
        link: as it was copied; other parameters of the address are left alone.
        where: what the messages call it.

    Returns:
        Entries for ``recipe_from``, complete, so that no default of a configuration gets into a link's recipe.

    Raises:
        RecipeError: it is no link, of another version, or a field cannot be read.
    """
    text = link.strip()
    if not text.startswith(f"{LINK_VERSION}~") and ("?" in text or text.startswith("r=")):
        found = parse_qs(text.partition("#")[0].rpartition("?")[2], keep_blank_values=True).get("r")
        if not found:
            raise RecipeError(f"{where}: expected an address with ?r=…, but got {seen(link)}.")
        text = found[0]
    version, *fields = text.split("~")
    if version != LINK_VERSION:
        raise RecipeError(f"{where}: expected {LINK_VERSION}~triple~method…, but it begins with {seen(version)}.")
    triple, method = (_plainly(field) for field in [*fields, "", ""][:2])
    method = method or DEFAULT_METHOD
    if method not in METHODS:
        raise RecipeError(f"{where}: method: expected one of {', '.join(METHODS)}, but got {seen(method)}.")
    row, rest = METHODS[method], fields[2:]
    entries: dict[str, Any] = {"version": 1, "triple": triple, "method": method, "scope": list(row.parts)}
    if row.curve:
        schedule = rest.pop(0) if rest and ":" not in rest[0] else ""
        entries |= {"schedule": schedule or "depth", "lambda": 0.2, "projections": list(PROJECTIONS)}
        entries["alpha"] = [0.7, 0.8, 0.9] if schedule == "groups" else 0.8
        if schedule == "custom":
            entries["ratios"] = {}
    given = _fields(rest, method, where)
    return entries | {each.name: each.default for each in row.parameters} | given


def _fields(fields: Iterable[str], method: str, where: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    met: set[str] = set()
    for field in filter(None, fields):
        key, colon, value = field.partition(":")
        if not colon:
            raise RecipeError(f"{where}: expected key:value, but got {seen(field)}.")
        if key in met and key != "add":
            raise RecipeError(f"{where}: {key} stands there twice; leave one.")
        met.add(key)
        _read_field(read, key, value, METHODS[method], f"{where}: {key}")
    return read


def _read_field(read: dict[str, Any], key: str, value: str, row: Method, where: str) -> None:
    own = {each.name: each.kind for each in row.parameters}
    if key == "add":
        read.setdefault("add", []).append(_addition(value, where))
    elif key in own:
        read[key] = _plainly(value) if own[key] == "name" else _number(value, where)
    elif key == "scope" or (row.curve and key == "projections"):
        read[key] = _list(value)
    elif row.curve and key == "lambda":
        read[key] = _number(value, where)
    elif row.curve and key == "alpha":
        alpha = _numbers(value, where)
        read[key] = alpha[0] if len(alpha) == 1 else alpha
    elif row.curve and key in LANES:
        read.setdefault("ratios", {})[key] = _numbers(value, where)
    elif row.curve and key in FINER_PARTS:
        read.setdefault("finer", {})[key] = [_ratio(each, where) for each in value.split(",")] if value else []
    else:
        raise RecipeError(f"{where}: no such key in a link to method {row.title}.")


def _addition(text: str, where: str) -> dict[str, Any]:
    vector, *rest = text.split(":")
    if len(rest) not in (1, 2):
        raise RecipeError(f"{where}: expected VECTOR:β or VECTOR:β:PARTS, but got {seen(text)}.")
    return {"vector": _plainly(vector), "beta": _number(rest[0], where)} | (
        {"scope": _list(rest[1])} if len(rest) == 2 else {}
    )


def _escaped(text: str) -> str:
    return re.sub("[%~:,]", lambda sign: _CODES[sign[0]], text)


def _plainly(text: str) -> str:
    return re.sub("%(25|7E|3A|2C)", lambda code: _SIGNS[code[0].upper()], text, flags=re.IGNORECASE)


def _list(text: str) -> list[str]:
    return [_plainly(each) for each in text.split(",") if each]


def _number(text: str, where: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise RecipeError(f"{where}: expected a number, but got {seen(text)}.")
    return float(text)


def _numbers(text: str, where: str) -> list[float]:
    return [_number(each, where) for each in text.split(",")] if text else []


def _ratio(text: str, where: str) -> float | list[float]:
    if "_" not in text:
        return _number(text, where)
    return [_number(each, where) for each in text.split("_") if each]


def _ratio_text(ratio: Ratio) -> str:
    """Write a layer's ratio, or its heads'; of a single head a sign says that it is one."""
    if not isinstance(ratio, tuple):
        return _number_text(ratio)
    return "_".join(map(_number_text, ratio)) + ("_" if len(ratio) == 1 else "")


def _number_text(value: float) -> str:
    """Write a number as a browser does: shortest digits that give the same float, 1 and not 1.0."""
    if value and abs(value) < _SMALLEST_PLAIN:
        return re.sub(r"e-0*", "e-", repr(float(value))).replace(".0e", "e")
    return format(Decimal(repr(float(value))).normalize(), "f") if value else "0"


def _numbers_text(values: Iterable[float]) -> str:
    return ",".join(map(_number_text, values))
