"""A formula's text as tokens, with the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesmixed.errors import FormulaError

MAX_DEPTH = 50
MAX_LENGTH = 20_000
MAX_SHOWN = 60
PAIRS = {"(": ")", "{": "}", "[": "]"}
TIGHT = frozenset(":^=")

PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<quoted>`[^`\\]+`)
    |(?P<string>"(?:[^"\\`]|\\[^`])*"|'(?:[^'\\`]|\\[^`])*')
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*)
    |(?P<operator>%(?:\w*|/)%|\|\||\*\*|//|==|!=|<=|>=|[~|+\-*/:^<>=,])
    |(?P<open>[({\[])
    |(?P<close>[)}\]])""",
    re.VERBOSE,
)
ADVICE = {
    ".": "Name the columns: '.' is not expanded.",
    "$": "Give the data frame to the function, and only the column's name to the formula.",
    "[": "A formula cannot take parts of a column; compute the column in the data first.",
    "`": "A name in backticks needs a backtick at both ends.",
    "'": "A string needs a quote at both ends.",
    '"': "A string needs a quote at both ends.",
    "#": "A formula cannot contain comments.",
    "&": "Comparisons cannot be joined; compute the column in the data first.",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a formula.

    Attributes
    ----------
    kind : str
        ``"name"``, ``"quoted"`` (in backticks), ``"string"``, ``"number"``, ``"operator"``, ``"open"`` or
        ``"close"``.
    text : str
        As written.
    start : int
        Index of its first character in the formula.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Index after its last character."""
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """The name without backticks."""
        return self.text[1:-1] if self.kind == "quoted" else self.text

    @property
    def is_bar(self) -> bool:
        """Whether it is ``|`` or ``||``."""
        return self.text in ("|", "||")


def refusal(message: str, text: str, position: int | None, advice: str = "") -> FormulaError:
    """Error that shows the formula on one line with a caret under the offending place."""
    return FormulaError(_on_one_line(message), _on_one_line(text), position, advice)


def _on_one_line(text: str) -> str:
    """Text of the same length with a space for every line break or other unprintable character."""
    return "".join(character if character.isprintable() else " " for character in text)


def scan(text: str) -> tuple[Token, ...]:
    """Tokens of a formula, with every parenthesis closed.

    Returns: without white space.

    Examples
    --------
    >>> [token.text for token in scan("log(y) ~ (1 | g)")]
    ['log', '(', 'y', ')', '~', '(', '1', '|', 'g', ')']
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"The formula has {len(text)} characters; {MAX_LENGTH} is the limit.")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        token = token_at(text, position)
        if token is None:
            character = text[position]
            raise refusal(f"{character!r} has no meaning here.", text, position, ADVICE.get(character, ""))
        if token.kind != "space":
            tokens.append(token)
        position = token.end
    check_pairs(tokens, text)
    return tuple(tokens)


def token_at(text: str, position: int) -> Token | None:
    """Token that begins at a place of a text, white space too; None where none does."""
    match = PATTERN.match(text, position)
    return None if match is None else Token(str(match.lastgroup), match.group(), position)


def check_pairs(tokens: Sequence[Token], text: str) -> None:
    """Refuse parentheses without partner, and too many within each other."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                raise refusal("Parentheses are nested too deeply.", text, token.start)
        elif token.kind == "close":
            if not opened or PAIRS[opened[-1].text] != token.text:
                raise refusal(f"This {token.text!r} closes nothing.", text, token.start, "Remove it.")
            opened.pop()
    if opened:
        last = opened[-1]
        raise refusal(
            f"This {last.text!r} is never closed.", text, last.start, f"Add the missing {PAIRS[last.text]!r}."
        )


def outside(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Tokens that stand in no parenthesis, with their index; parentheses themselves are left out."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        elif depth == 0:
            yield index, token


def closing(tokens: Sequence[Token], index: int) -> int:
    """Index of the token that closes the parenthesis at an index."""
    depth = 0
    for place in range(index, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[place].kind, 0)
        if depth == 0:
            return place
    raise IndexError(index)


def is_call(tokens: Sequence[Token], index: int) -> bool:
    """Whether a name at an index is followed by its argument list."""
    return (
        tokens[index].kind == "name" and index + 1 < len(tokens) and tokens[index + 1].text == "("
    ) or tokens[index].text == "{"


def arguments(inner: Sequence[Token]) -> list[tuple[Token | None, Sequence[Token]]]:
    """Name, None for one without, and tokens of every argument of a call, from what its parentheses hold.

    Examples
    --------
    >>> [(name and name.text, render(value)) for name, value in arguments(scan("t, gr=a:b"))]
    [(None, 't'), ('gr', 'a:b')]
    """
    commas = [index for index, token in outside(inner) if token.text == ","]
    found: list[tuple[Token | None, Sequence[Token]]] = []
    for start, end in zip((-1, *commas), (*commas, len(inner)), strict=True):
        value = inner[start + 1 : end]
        is_named = len(value) > 1 and value[0].kind == "name" and value[1].text == "="
        found.append((value[0], value[2:]) if is_named else (None, value))
    return found if inner else []


def render(tokens: Sequence[Token], *, quoted: bool = True) -> str:
    """Text of tokens in one house spelling, so that the same term is always the same text.

    Examples
    --------
    >>> render(scan("poly( x,2 )+I(x ^2)-z"))
    'poly(x, 2) + I(x^2) - z'
    """
    pieces: list[str] = []
    previous: Token | None = None
    for token in tokens:
        pieces.append(_spaced(token, previous, quoted))
        previous = token
    return "".join(pieces).strip()


def shown(tokens: Sequence[Token]) -> str:
    """Text of tokens for a message, cut when it is long."""
    text = render(tokens)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _spaced(token: Token, previous: Token | None, quoted: bool) -> str:
    operand_before = previous is not None and previous.kind not in ("operator", "open")
    if token.text == ",":
        return ", "
    if token.kind == "operator":
        return token.text if token.text in TIGHT or not operand_before else f" {token.text} "
    word = token.text if quoted else token.name
    call = token.kind == "open" and previous is not None and previous.kind == "name"
    return f" {word}" if operand_before and token.kind != "close" and not call else word
