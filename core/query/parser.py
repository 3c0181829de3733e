"""From filter text to a tree.

expr  := chain {"or" chain}          chain := term {"and" term}
term  := "not" term | "(" expr ")" | check
check := field "exists" | field operator value | field list-operator "(" value {"," value} ")"
       | field operator ("anyof" | "oneof" | "allof") "(" value {"," value} ")"
"""

from __future__ import annotations

from .ast import KEYWORDS, LIST_OPERATORS, MODIFIERS, And, Check, Literal, Node, Not, Or
from .lexer import Lexer

MAX_DEPTH = 100


def parse(text: str) -> Node | None:
    """Return the tree of a filter text, or None for an empty one, which accepts everything.

    Raises FilterError with the column and what was expected there.
    """
    lexer = Lexer(text)
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


def _check(lexer: Lexer) -> Check:
    operand = lexer.operand()
    op, column = lexer.operator(operand)
    if op == "exists":
        return Check(operand, op, (), "", column)
    if op in LIST_OPERATORS:
        return Check(operand, op, _list(lexer, op), "", column)
    modifier = lexer.peek_word_and_list(MODIFIERS)
    if modifier:
        lexer.accept_word(MODIFIERS)
        return Check(operand, op, _list(lexer, modifier), modifier, column)
    return Check(operand, op, (lexer.value(f"'{op}'"),), "", column)


def _list(lexer: Lexer, after: str) -> tuple[Literal, ...]:
    opened = lexer.pos
    if not lexer.accept("("):
        raise lexer.fail(f"expected '(' and a list of values after '{after}', found {lexer.found()}")
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
