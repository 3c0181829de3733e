"""From filter text to a tree.

expr  := chain {"or" chain}          chain := term {"and" term}
term  := "not" term | "(" expr ")" | check | macro
check := left "exists" | left operator right | left list-operator list
       | left operator ("anyof" | "oneof" | "allof") list
left  := field | transformer "(" argument {"," argument} ")" ["[" text "]"]
right := value | "val" "(" field ")" | transformer "(" ... ")"
list  := "(" [value {"," value}] ")" | name of a list | "val" "(" field ")" | transformer "(" ... ")"
argument := left | number | quoted text | "(" [argument {"," argument}] ")"
"""

from __future__ import annotations

from .ast import (
    FIELD_VALUE,
    KEYWORDS,
    LIST_OPERATORS,
    MODIFIERS,
    And,
    Call,
    Check,
    Items,
    ListName,
    Literal,
    Macro,
    Node,
    Not,
    Operand,
    Or,
    Value,
)
from .lexer import Lexer

MAX_DEPTH = 100
MAX_CALLS = 30  # transformers inside each other
MAX_ARGUMENTS = 100  # of a transformer, or items of a list in one


def parse(text: str, *, names: bool = True) -> Node | None:
    """Return the tree of a filter text, or None for an empty one, which accepts everything.

    Without ``names`` macros and named lists are errors. Raises FilterError with the column and what
    was expected there.
    """
    return parse_rest(Lexer(text, names=names))


def parse_rest(lexer: Lexer) -> Node | None:
    """Return the tree of what is left to read. Returns and raises like :func:`parse`."""
    if lexer.at_end:
        return None
    node = _expression(lexer, 0)
    if not lexer.at_end:
        if lexer.text.startswith(")", lexer.pos):
            raise lexer.fail("expected the end of the filter: this ')' has no '('")
        column, found = lexer.pos, lexer.found()
        word = lexer.accept_word([k.upper() for k in KEYWORDS] + ["And", "Or", "Not"])
        hint = word.lower() if word else None
        raise lexer.fail(f"expected 'and' or 'or' before {found}", column, hint)
    return node


def _expression(lexer: Lexer, depth: int) -> Node:
    items = [_chain(lexer, depth)]
    while lexer.accept_word(("or",)):
        items.append(_chain(lexer, depth))
    return items[0] if len(items) == 1 else Or(tuple(items))


def _chain(lexer: Lexer, depth: int) -> Node:
    items = [_term(lexer, depth)]
    while lexer.accept_word(("and",)):
        items.append(_term(lexer, depth))
    return items[0] if len(items) == 1 else And(tuple(items))


def _term(lexer: Lexer, depth: int) -> Node:
    negations = 0
    while lexer.accept_word(("not",)):
        negations += 1
        if depth + negations > MAX_DEPTH:
            raise lexer.fail(f"expected at most {MAX_DEPTH} nested 'not' and '('")
    node: Node
    if lexer.text.startswith("(", lexer.pos):
        if depth + negations >= MAX_DEPTH:
            raise lexer.fail(f"expected at most {MAX_DEPTH} nested 'not' and '('")
        opened = lexer.pos
        lexer.accept("(")
        node = _expression(lexer, depth + negations + 1)
        if not lexer.accept(")"):
            if lexer.at_end:
                raise lexer.fail("expected ')' for the '(' opened here", opened)
            raise lexer.fail(f"expected 'and', 'or' or ')' before {lexer.found()}")
    else:
        node = _check(lexer)
    for _ in range(negations):
        node = Not(node)
    return node


def _check(lexer: Lexer) -> Check | Macro:
    macro = lexer.macro()
    if macro is not None:
        return Macro(*macro)
    operand = _left(lexer)
    op, column = lexer.operator(operand)
    if op == "exists":
        return Check(operand, op, (), "", column)
    if op in LIST_OPERATORS:
        right = _right(lexer)
        values = _list(lexer, op) if right is None else ()
        return Check(operand, op, values, "", column, right)
    modifier = lexer.list_follows(MODIFIERS)
    if modifier:
        lexer.accept_word(MODIFIERS)
        return Check(operand, op, _list(lexer, modifier), modifier, column)
    right = _right(lexer)
    if right is not None:
        return Check(operand, op, (), "", column, right)
    return Check(operand, op, (lexer.value(f"'{op}'"),), "", column)


def _left(lexer: Lexer) -> Operand | Call:
    found = lexer.transformer()
    return lexer.operand() if found is None else _call(lexer, found, 1)


def _right(lexer: Lexer) -> Call | None:
    """Read ``val`` or a transformer on the right side; None when a value stands there."""
    found = lexer.transformer(right=True)
    if found is None:
        return None
    name, column = found
    if name != FIELD_VALUE:
        return _call(lexer, found, 1)
    inner = lexer.operand("a field name in val(…)")
    _close(lexer, column)
    return Call(name, (inner,), None, column)


# --- transformers -------------------------------------------------------------------------------------


def _call(lexer: Lexer, found: tuple[str, int], depth: int) -> Call:
    name, column = found
    args = _arguments(lexer, depth)
    _close(lexer, column, blanks=False)
    arg = lexer.bracket()
    lexer.skip()
    return Call(name, args, arg, column)


def _arguments(lexer: Lexer, depth: int) -> tuple[Value, ...]:
    args = [_argument(lexer, depth)]
    while lexer.accept(","):
        if len(args) == MAX_ARGUMENTS:
            raise lexer.fail(f"expected ')' after at most {MAX_ARGUMENTS} arguments")
        args.append(_argument(lexer, depth))
    return tuple(args)


def _argument(lexer: Lexer, depth: int) -> Value:
    if depth > MAX_CALLS:
        raise lexer.fail(f"expected at most {MAX_CALLS} transformers inside each other")
    constant = lexer.constant()
    if constant is not None:
        return constant
    column = lexer.pos
    if lexer.accept("("):
        items = () if lexer.text.startswith(")", lexer.pos) else _arguments(lexer, depth + 1)
        _close(lexer, column)
        return Items(items, column)
    found = lexer.transformer()
    if found is not None:
        return _call(lexer, found, depth + 1)
    return lexer.operand("a field, a transformer, a number, a quoted text or a list in parentheses")


def _close(lexer: Lexer, opened: int, *, blanks: bool = True) -> None:
    if not lexer.text.startswith(")", lexer.pos):
        if lexer.at_end:
            raise lexer.fail("expected ')' to close what begins here", opened)
        raise lexer.fail(f"expected ',' or ')' before {lexer.found()}")
    lexer.pos += 1
    if blanks:
        lexer.skip()


# --- lists --------------------------------------------------------------------------------------------


def _list(lexer: Lexer, after: str) -> tuple[Literal | ListName, ...]:
    opened = lexer.pos
    if not lexer.accept("("):
        name = lexer.list_name()
        if name is None:
            raise lexer.fail(f"expected '(' and a list of values after '{after}', found {lexer.found()}")
        return (ListName(*name),)
    if lexer.accept(")"):
        return ()
    values = [lexer.value("'('", in_list=True)]
    while lexer.accept(","):
        values.append(lexer.value("','", in_list=True))
    if not lexer.accept(")"):
        if lexer.at_end:
            raise lexer.fail("expected ')' for the '(' opened here", opened)
        raise lexer.fail(f"expected ',' or ')' before {lexer.found()}")
    return tuple(values)
