from __future__ import annotations

import numpy as np
import pytest

from scaptui.core.query import masks
from scaptui.core.query.masks import MaskCache, gather, gather_fd

DICE = np.random.default_rng(7)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_gathering_with_and_without_the_kernel(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    table = DICE.random(50) < 0.5
    keys = DICE.integers(-1, 50, 1_000).astype(dtype)
    wanted = [bool(table[k]) if k >= 0 else False for k in keys.tolist()]
    assert gather(table, keys).tolist() == wanted
    monkeypatch.setattr(masks, "KERNEL_ROWS", 0)
    assert gather(table, keys).tolist() == wanted
    assert gather(table, keys[::2]).tolist() == wanted[::2]


def test_gathering_ignores_keys_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "KERNEL_ROWS", 0)
    assert gather(np.array([True]), np.array([-5, 0, 1, 2**40])).tolist() == [False, True, False, False]


def test_gathering_descriptors_like_their_keys() -> None:
    num_fds, num_types = 20, 8
    table = DICE.random(num_fds + num_types) < 0.5
    concerned = DICE.random(num_types) < 0.7
    fd = DICE.integers(-1, num_fds, 500).astype(np.int32)
    code = DICE.integers(0, num_types + 2, 500).astype(np.uint16)
    thread = DICE.integers(-1, 3, 500).astype(np.int32)
    found = gather_fd(table, concerned, num_fds, fd, code, thread)
    for i in range(500):
        known = thread[i] >= 0 and code[i] < num_types and bool(concerned[code[i]])
        key = fd[i] if fd[i] >= 0 else num_fds + code[i]
        assert found[i] == (known and bool(table[key]))


def test_cache_gives_back_what_was_put() -> None:
    cache = MaskCache()
    mask = DICE.random(1_003) < 0.5
    cache.put("a", mask)
    again = cache.get("a")
    assert again is not None
    assert again.dtype == np.bool_
    assert again.tolist() == mask.tolist()
    assert cache.get("b") is None
    cache.put("empty", np.zeros(0, np.bool_))
    assert cache.get("empty") is not None


def test_cache_is_bounded_and_forgets_the_oldest() -> None:
    cache = MaskCache(limit=1_000)
    mask = np.ones(8 * 300, np.bool_)  # 300 bytes
    for name in "abc":
        cache.put(name, mask)
    assert cache.get("a") is not None  # now the youngest
    cache.put("d", mask)
    assert cache.nbytes <= 1_000
    assert [name for name in "abcd" if cache.get(name) is not None] == ["a", "c", "d"]
    cache.put("d", mask)
    assert cache.nbytes == 900
