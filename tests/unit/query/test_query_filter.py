"""Filters over the small machine of `query_story`."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query import masks, planner
from scaptui.core.query.fields import Fields
from scaptui.core.query.filter import Filter, compile  # noqa: A004
from scaptui.core.query.predicates import ALLOWED


def numbers(capture: Capture, text: str) -> list[int]:
    return (np.flatnonzero(compile(text, capture.fields).mask()) + 1).tolist()


ACCEPTED = [
    ("", list(range(1, 30))),
    # numbers
    ("evt.num=5", [5]),
    ("evt.num==5", [5]),
    ("evt.num=0x5", [5]),
    ("evt.num=05", [5]),
    ("evt.num in (5, 6, 0x7)", [5, 6, 7]),
    ("evt.num in (1,2,3,4,5,6,7,8,9,10)", list(range(1, 11))),
    ("evt.num<3", [1, 2]),
    ("evt.num<=3 and evt.num>=3", [3]),
    ("evt.num=-1", []),
    ("evt.num>-1", list(range(1, 30))),
    ("evt.num=99999999999999999999999", []),
    ("evt.num<99999999999999999999999", list(range(1, 30))),
    ("evt.num!=99999999999999999999999", list(range(1, 30))),
    ("evt.num > 27 or evt.num < 2", [1, 28, 29]),
    ("evt.rawres=-2", [5, 20]),
    ("evt.rawres<0", [5, 12, 20]),
    ("thread.cpu>20.5", [27]),
    ("thread.cpu exists", [26, 27]),
    ("fd.sport=http", [9, 10, 11, 12, 29]),
    ("fd.sport=80", [9, 10, 11, 12, 29]),
    ("evt.buflen>=20", [3, 10]),
    # true and false
    ("evt.failed=true", [5, 12, 20]),
    ("evt.failed!=false", [5, 12, 20]),
    ("evt.failed in (true)", [5, 12, 20]),
    # text
    ("evt.type=accept", [9]),
    ("evt.type in (accept, openat)", [2, 5, 6, 9, 22]),
    ("fd.name=/etc/hosts", [2, 3, 4]),
    ("fd.name='/etc/hosts' and evt.type!=read", [2, 4]),
    ("fd.name contains .conf", [5]),
    ("fd.name icontains .CONF", [5]),
    ("fd.name startswith /etc", [2, 3, 4, 5]),
    ("fd.name endswith .html", [22]),
    ("fd.name glob /etc/*.conf", [5]),
    ("fd.name glob *HTML", []),
    ("fd.name iglob *HTML", [22]),
    ("fd.name pmatch (/etc)", [2, 3, 4, 5]),
    ("fd.name pmatch (/et, /tmp)", [22]),
    ("fd.name < /f and fd.name > /a", [2, 3, 4, 5]),
    ("fd.name = anyof (/etc/hosts, /tmp/page.html)", [2, 3, 4, 22]),
    ("fd.name contains allof (etc, conf)", [5]),
    ("fd.name contains oneof (etc, conf)", [2, 3, 4]),
    ("fd.name != allof (/etc/hosts, '') and evt.type=openat", [5, 6, 22]),
    ("fd.name = anyof ()", []),
    ("fd.name in ()", []),
    ("evt.dir=<", [*range(2, 23), 25, 29]),
    ("evt.dir = > and evt.type=switch", [23, 24]),
    ("fd.name=''", [16, 19, 20]),
    # payload
    ("evt.buffer contains HTTP", [10, 11, 18]),
    ("evt.buffer startswith GET and fd.sport=80", [10]),
    ("evt.buffer endswith '\\r\\n'", [10, 11, 18]),
    ("evt.buffer bcontains 00ff", [7]),
    ("evt.buffer bstartswith 4745", [10, 18]),
    ("evt.arg.fd contains hosts", [2, 3, 4]),
    ("evt.args contains O_CREAT", [6, 22]),
    ("evt.rawarg.size=14", [7]),
    ("evt.arg[0]=0 and evt.type=close", [4, 8, 29]),
    # addresses
    ("fd.ip=10.0.0.9", [9, 10, 11, 12, 29]),
    ("fd.ip!=10.0.0.9", [16, 17, 18]),
    ("fd.ip in (2001:db8::2, 1.2.3.4)", [17, 18]),
    ("fd.cip=10.0.0.2", []),
    ("fd.net=10.0.0.0/8", [9, 10, 11, 12, 29]),
    ("fd.net=2001:db8::/32", [17, 18]),
    ("fd.net=2001:db8::2", [17, 18]),
    ("fd.snet!=10.0.0.0/8", [17, 18]),
    ("fd.port=80", [9, 10, 11, 12, 29]),
    ("fd.port!=80", [16, 17, 18]),
    ("fd.port in (40000, 8080)", [9, 10, 11, 12, 17, 18, 29]),
    ("fd.port<1024", [9, 10, 11, 12, 16, 29]),
    # ancestors
    ("proc.aname=zsh", [*range(14, 23), 28]),
    ("proc.aname=curl", []),
    ("proc.aname[0]=curl", [*range(15, 23), 28]),
    ("proc.apid=1 and proc.name=zsh", [2, 3, 4, 5, 6, 7, 8, 13, 14]),
    ("proc.aname in (sshd) and evt.type=clone", [13, 14]),
    # missing values
    ("fd.name exists", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 18, 19, 20, 22, 29]),
    ("fd.l4proto!=tcp", [2, 3, 4, 6, 7, 8, 16, 19, 20, 22]),
    ("not fd.l4proto=tcp and evt.type=openat", [2, 5, 6, 22]),
    ("container.image!=x", [9, 10, 11, 12, 23, 24, 25, 26, 27, 29]),
    ("not proc.name exists", [1]),
    ("not not evt.num=4", [4]),
    # several values at once
    ("evt.num = anyof (5, 6, 7)", [5, 6, 7]),
    ("evt.num = oneof (5, 5, 6)", [6]),
    ("evt.num < anyof (3, -1, 99999999999999999999)", list(range(1, 30))),
    ("evt.num < allof (3, 99999999999999999999)", [1, 2]),
    ("evt.num >= oneof (28, 29)", [28]),
    ("evt.num != allof (1, 2, 3) and evt.num<6", [4, 5]),
    ("evt.rawres = anyof (-2)", [5, 20]),
    ("thread.cpu > oneof (20.5, 1000000)", [27]),
    ("evt.failed = anyof (true)", [5, 12, 20]),
    ("fd.name glob oneof (*.conf, *.html)", [5, 22]),
    ("fd.name regex anyof ('.*[.]conf', '.*[.]html')", [5, 22]),
    ("fd.name icontains allof (HOSTS, ETC)", [2, 3, 4]),
    ("fd.name startswith anyof (/etc/m, /tmp)", [5, 22]),
    ("fd.name endswith oneof (html, l)", []),
    ("fd.name < allof (/f, /g) and fd.name > anyof (/a, /zzz)", [2, 3, 4, 5]),
    ("evt.buffer bcontains anyof (00ff, 4745)", [7, 10, 18]),
    ("evt.buffer bstartswith oneof (47, 4745)", []),
    ("fd.cip = anyof (10.0.0.9, 1.2.3.4)", [9, 10, 11, 12, 29]),
    ("fd.snet != allof (10.0.0.0/8, 11.0.0.0/8)", [17, 18]),
    # regular expressions: POSIX, the whole text
    ("fd.name regex '/etc/.*'", [2, 3, 4, 5]),
    ("fd.name regex etc", []),
    ("fd.name regex '^/(etc|tmp)/[[:alpha:]]+[.](conf|html)$'", [5, 22]),
    # transformers
    ("toupper(proc.name)=CURL", [*range(15, 23), 28]),
    ("tolower(toupper(fd.name)) contains hosts", [2, 3, 4]),
    ("basename(fd.name)=hosts", [2, 3, 4]),
    ("basename(fd.name) in (hosts, missing.conf)", [2, 3, 4, 5]),
    ("len(fd.name)=10", [2, 3, 4]),
    ("len(evt.buffer)=14", [7]),
    ("len(fd.name) exists and evt.type=close", [4, 8, 29]),
    ("concat(proc.name, ':', fd.name)=zsh:/etc/hosts", [2, 3, 4]),
    ("join('-', (proc.name, evt.num, 'x'))=zsh-4-x", [4]),
    ("join(',', ())='' and evt.num<3", [1, 2]),
    ("len((proc.name, fd.name))=2 and evt.num<4", [2, 3]),
    ("(evt.num=5 or evt.num=2) and concat('a', 'b')=ab", [2, 5]),
    ("b64('aGk=')=hi and evt.num=1", [1]),
    ("b64(proc.name) exists and evt.type=read", []),
    ("getopt((proc.args[0], proc.args[1]), 's:')[s] startswith http", [*range(15, 23), 28]),
    ("getopt((proc.args[0], '-x'), 'sx') intersects (x, q)", [*range(9, 13), *range(15, 23), *range(24, 30)]),
    ("getopt(('-a', '-b'), 'ab') in (a, b, c) and evt.num=3", [3]),
    ("getopt(('-a', '-b'), 'ab') in (a, c)", []),
    ("getopt(('-a'), 'ab') in getopt(('-a', '-b'), 'ab') and evt.num<3", [1, 2]),
    ("getopt(('-a', '-b'), 'ab') in getopt(('-a'), 'ab')", []),
    ("getopt(('-a', '-b'), 'ab') intersects getopt(('-a'), 'ab') and evt.num<3", [1, 2]),
    ("getopt(('x'), 'ab') intersects getopt(('-a'), 'ab')", []),
    ("join('/', (proc.aname[1], proc.name))=zsh/curl", [*range(15, 23), 28]),
    ("concat(proc.aname[1], '')=val(proc.pname) and evt.num<4", [2, 3]),
    ("proc.name = concat(proc.aname[0], '') and evt.num<4", [2, 3]),
    ("fd.types intersects (ipv6)", [16, 17, 18, 19, 20, 22]),
    ("toupper(fd.types) in (IPV6, FILE, UNIX) and evt.num>15", [16, 17, 18, 19, 20, 22]),
    # a field on the right side
    ("proc.name = val(proc.pname)", [14]),
    ("proc.pid = val(thread.tid) and evt.num<4", [2, 3]),
    ("proc.ppid < val(proc.pid) and evt.num in (3, 10)", [3, 10]),
    ("fd.name startswith val(fd.directory) and evt.num<5", [2, 3, 4]),
    ("fd.filename = basename(fd.name) and evt.num in (2, 5)", [2]),
    ("fd.cip != val(fd.sip)", [9, 10, 11, 12, 17, 18, 29]),
    ("fd.cip = val(fd.sip)", []),
    ("fd.cip in val(fd.cip) and evt.num<11", [9, 10]),
    ("evt.buffer contains val(evt.buffer)", [1, 3, 7, 10, 11, 12, 18]),
    ("evt.failed = val(evt.is_io_read)", [*(2, 4, 6, 7, 8, 9, 11, 12), *range(13, 20), 21, 22, 29]),
    ("evt.arg.fd endswith val(fd.filename) and evt.num=3", [3]),
    ("container.image != val(proc.name)", [9, 10, 11, 12, 23, 24, 25, 26, 27, 29]),
    # time
    ("evt.around[1700000000000003500]=0", []),
    ("evt.around[1700000000000003000]=0", [4]),
    ("evt.reltime.s=0", list(range(1, 30))),
    # structure
    ("evt.num=1 or evt.num=2 and evt.num=3", [1]),
    ("(evt.num=1 or evt.num=2) and evt.num=2", [2]),
    ("not (evt.num>1 or evt.buffer contains zzz)", [1]),
    ("evt.buffer contains GET or evt.num=1", [1, 10, 18]),
    ("not evt.buffer contains GET and evt.type=read", [3, 12]),
]


@pytest.mark.parametrize(("text", "wanted"), ACCEPTED)
def test_accepts(new: Capture, text: str, wanted: list[int]) -> None:
    assert numbers(new, text) == wanted
    again = compile(compile(text, new.fields).text, new.fields)
    assert (np.flatnonzero(again.mask()) + 1).tolist() == wanted


@pytest.mark.parametrize("text", [text for text, _ in ACCEPTED])
def test_given_rows_get_what_the_whole_capture_gets(new: Capture, text: str) -> None:
    chosen = compile(text, new.fields)
    whole = chosen.mask()
    rows = np.random.default_rng(3).permutation(new.count)[:17]
    assert chosen.mask(rows).tolist() == whole[rows].tolist()
    assert chosen.mask(rows[:0]).tolist() == []


def test_large_captures_go_through_kernels(new: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "KERNEL_ROWS", 0)
    monkeypatch.setattr(planner, "KERNEL_ROWS", 0)
    fields = Fields(new.index, new.records)
    for text, wanted in ACCEPTED:
        assert (np.flatnonzero(compile(text, fields).mask()) + 1).tolist() == wanted, text


def test_empty_lists_of_the_old_reader(old: Capture) -> None:
    assert numbers(old, "fd.name in ()") == numbers(old, "fd.name=''") != []


REJECTED = [
    ("evt.foo=1", 0, "none called 'evt.foo'", "evt.info"),
    ("evt.num=1 and proc.nam=x", 14, "none called 'proc.nam'", "proc.name"),
    ("evt.num=1ms", 8, "a number (no units), found '1ms'", None),
    ("evt.num=2.5", 8, "a number", None),
    ("evt.num in (1, x)", 15, "a number", None),
    ("evt.num contains 1", 8, "evt.num is a number", None),
    ("evt.failed=1", 11, "true or false", "true"),
    ("evt.failed<true", 10, "evt.failed is true or false", None),
    ("evt.type=opn", 9, "none called 'opn'", "open"),
    ("evt.type in (open, opn)", 19, "none called 'opn'", "open"),
    ("fd.port=nosuchservice", 8, "name of a service", None),
    ("fd.ip=10.0.0", 6, "an IP address", None),
    ("fd.ip<10.0.0.1", 5, "fd.ip is an address", None),
    ("fd.net=10.0.0.1", 7, "a network such as 10.0.0.0/8", None),
    ("fd.net=10.0.0.1/99", 7, "a network such as 10.0.0.0/8", None),
    ("evt.buffer glob x", 11, "evt.buffer is a buffer", None),
    ("evt.buffer bcontains abc", 21, "an even number of hex digits", None),
    ("fd.name bcontains 00", 8, "fd.name is text", None),
    ("fd.name regex '('", 14, "RE2", None),
    ("fd.name regex anyof (a, '[')", 24, "RE2", None),
    ("fd.name regex '\\\\d+'", 14, "RE2", None),  # POSIX has no such class
    ("fd.name regex '(?i)x'", 14, "RE2", None),
    ("evt.num regex 1", 8, "evt.num is a number", None),
    ("evt.buffer regex x", 11, "evt.buffer is a buffer", None),
    ("toupper(evt.num)=1", 8, "expected text in toupper", None),
    ("len(evt.num)=1", 4, "text, a buffer or a list", None),
    ("len(fd.name)=x", 13, "a number", None),
    ("len(fd.name) contains 1", 13, "a number", None),
    ("toupper(proc.name, fd.name)=1", 19, "one argument", None),
    ("toupper(proc.aname)=A", 8, "cannot be transformed", None),
    ("toupper(proc.nme)=A", 8, "none called 'proc.nme'", "proc.name"),
    ("toupper(proc.name)[1]=A", 0, "nothing in brackets", None),
    ("concat(proc.name)=A", 0, "at least two", None),
    ("concat(proc.name, evt.num)=A", 18, "text as argument 2", None),
    ("join(',', proc.name)=A", 10, "a list", None),
    ("join(',')=A", 0, "found 1 argument", None),
    ("getopt(proc.name, 'a')=A", 7, "a list", None),
    ("getopt((proc.name), 'a')[ab]=A", 0, "one letter", None),
    ("getopt((proc.name), 'a')=A", 24, "is a list", None),
    ("evt.num = val(evt.count)", 8, "two sides of one type", None),
    ("toupper(evt.buffer)=x", 8, "expected text in toupper(…), found a buffer", None),
    ("proc.name = val(proc.pid)", 10, "two sides of one type", None),
    ("proc.pid = val(proc.pidd)", 15, "none called", "proc.pid"),
    ("proc.name = val(proc.aname)", 12, "cannot stand on the right", None),
    ("proc.aname = val(proc.name)", 11, "proc.aname cannot be compared with a field", None),
    ("fd.types in val(fd.types)", 9, "fd.types cannot be compared", None),
    ("proc.nthreads = len(fd.types)", 16, "fd.types cannot stand on the right", None),
    ("fd.name = concat(fd.ip, 'x')", 17, "cannot be transformed", None),
    ("fd.name = concat(evt.rawarg.name, 'x')", 17, "cannot be transformed", None),
    ("proc.name regex val(fd.name)", 10, "a value and no field", None),
    ("proc.name pmatch val(fd.name)", 10, "a value and no field", None),
    ("fd.snet = val(fd.cip)", 8, "fd.snet cannot be compared", None),
    ("evt.num contains val(proc.pid)", 8, "evt.num is a number", None),
    ("web", 0, "a field such as proc.name or a filter of yours", None),
    ("proc.name in shells", 13, "no list called 'shells'", None),
    ("proc.name contains oneof shells", 25, "no list called 'shells'", None),
    ("evt.buffer bcontains anyof (00, 1)", 32, "hex digits", None),
    ("evt.num = oneof (1, x)", 20, "a number", None),
    ("fd.ip=10.0.0.1%eth0", 6, "an IP address", None),
    ("evt.rawarg.tuple=x", 16, "evt.rawarg is a structure", None),
    ("evt.around[5] in (1, 2)", 14, "'=' and a number of milliseconds", None),
    ("evt.around[5] exists", 14, "'=' and a number of milliseconds", None),
    ("evt.around[5]=x", 14, "a number", None),
    ("evt.around[5]>1", 13, "'=' and a number of milliseconds", None),
    ("evt.pluginname=x", 0, "needs the plugin", None),
    ("evt.arg.nme=x", 0, "no event has one called", "name"),
]


@pytest.mark.parametrize(("text", "column", "reason", "suggestion"), REJECTED)
def test_rejects(new: Capture, text: str, column: int, reason: str, suggestion: str | None) -> None:
    with pytest.raises(FilterError) as caught:
        compile(text, new.fields)
    error = caught.value
    assert reason in error.reason
    assert (error.column, error.suggestion) == (column, suggestion)
    assert error.text == text


@pytest.mark.parametrize(
    ("field", "group"),
    [
        ("evt.num", "a number"),
        ("evt.failed", "true or false"),
        ("fd.name", "text"),
        ("evt.buffer", "a buffer"),
        ("fd.ip", "an address"),
    ],
)
def test_every_operator_works_or_says_why_not(new: Capture, field: str, group: str) -> None:
    value = {"evt.num": "1", "evt.failed": "true", "fd.ip": "10.0.0.1"}.get(field, "00")
    for op in sorted({op for ops in ALLOWED.values() for op in ops}):
        written = {"exists": "", "in": f"({value})", "intersects": f"({value})", "pmatch": f"({value})"}
        text = f"{field} {op} {written.get(op, value)}"
        if op in ALLOWED[group]:
            assert len(compile(text, new.fields).mask()) == new.count
        else:
            with pytest.raises(FilterError, match=f"'{op}' does not work on it"):
                compile(text, new.fields)


def test_windows(new: Capture) -> None:
    ts = new.index.events.ts
    window = (int(ts[2]), int(ts[10]))  # events 3 to 10
    for text in ("", "evt.type=read", "evt.buffer contains GET", "not evt.buffer contains GET"):
        chosen = compile(text, new.fields)
        wanted = [n for n in numbers(new, text) if 3 <= n <= 10]
        assert (np.flatnonzero(chosen.mask(window=window)) + 1).tolist() == wanted
        rows = np.arange(5, 20)
        inside = chosen.mask(rows, window)
        assert [n for n in wanted if n > 5] == (rows[inside] + 1).tolist()
    assert not compile("", new.fields).mask(window=(0, 1)).any()


def test_both_filters(new: Capture) -> None:
    first, second = compile("evt.type=read or evt.type=write", new.fields), compile("fd.sport=80", new.fields)
    joined = first & second
    assert joined.text == "(evt.type = read or evt.type = write) and fd.sport = 80"
    assert joined.mask().tolist() == (first.mask() & second.mask()).tolist()
    assert (first & compile("", new.fields)).text == first.text


def test_threads(old: Capture) -> None:
    lives = np.flatnonzero(old.index.lives.end_event == old.count)
    tids = old.index.lives.tid[lives]

    def accepted(text: str) -> list[int]:
        return sorted(tids[compile(text, old.fields).mask_threads(lives, old.end_ts)].tolist())

    assert accepted("") == sorted(tids.tolist())
    assert accepted("evt.type!=switch") == sorted(tids.tolist())
    assert accepted("evt.type=sysdigevent and container.name=web") == [30, 31]
    assert accepted("proc.aname=sshd") == [20]
    assert accepted("fd.name exists") == []
    assert accepted("evt.buffer contains x or proc.name=zsh") == [20]
    assert accepted("not evt.arg.fd exists and thread.ismain=false") == [31]
    assert accepted("proc.nthreads>1") == [30, 31]


def test_masks_belong_to_the_caller(new: Capture) -> None:
    chosen = compile("evt.type=read", new.fields)
    mask = chosen.mask()
    mask[:] = True
    assert chosen.mask().sum() == 3
    other = compile("not evt.type=read", new.fields).mask()
    assert other.sum() == new.count - 3


def test_payload_answers_are_kept_only_where_they_were_asked(new: Capture) -> None:
    """A narrow filter must not leave its gaps to a wider one."""
    fields = Fields(new.index, new.records)

    def accepted(text: str) -> list[int]:
        return (np.flatnonzero(compile(text, fields).mask()) + 1).tolist()

    assert accepted("evt.num<11 and evt.buffer contains HTTP") == [10]
    assert accepted("evt.buffer contains HTTP") == [10, 11, 18]
    assert accepted("evt.num>11 and evt.buffer contains HTTP") == [18]
    assert accepted("not evt.buffer contains HTTP and evt.num in (10, 12)") == [12]


def test_threads_of_ours_may_share_a_filter(new: Capture) -> None:
    texts = [text for text, _ in ACCEPTED]
    wrong: list[str] = []

    def work(filters: list[Filter]) -> None:
        for chosen, (text, wanted) in zip(filters, ACCEPTED, strict=True):
            if (np.flatnonzero(chosen.mask()) + 1).tolist() != wanted:
                wrong.append(text)

    filters = [compile(text, new.fields) for text in texts]
    workers = [threading.Thread(target=work, args=(filters,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_without_records_only_payload_is_missing(new: Capture) -> None:
    fields = Fields(new.index)
    assert compile("proc.name=zsh", fields).mask().any()
    with pytest.raises(ValueError, match="not at hand"):
        compile("evt.buffer contains x", fields).mask()
