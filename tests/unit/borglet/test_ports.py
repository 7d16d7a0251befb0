"""Ports: none twice, none that somebody else listens on, the same ones again where possible."""

import socket

import pytest

from borgpy.borglet.ports import NoFreePort, PortBook, port_is_free


def test_each_port_is_handed_out_once_and_rests_after_use() -> None:
    book = PortBook(100, 104, is_free=lambda _: True)
    first = book.take(["port", "admin"], {})
    assert first == {"port": 100, "admin": 101}
    book.give_back(first)
    assert book.take(["port", "admin", "x"], {}) == {"port": 102, "admin": 103, "x": 104}


def test_a_task_gets_its_ports_again_unless_somebody_has_them() -> None:
    busy: set[int] = set()
    book = PortBook(100, 104, is_free=lambda port: port not in busy)
    ports = book.take(["port", "admin"], {"port": 103, "admin": 999})
    assert ports == {"port": 103, "admin": 100}
    book.give_back(ports)
    busy.add(103)
    assert book.take(["port"], ports) == {"port": 101}


def test_a_range_that_is_used_up_gives_none_and_keeps_none() -> None:
    book = PortBook(100, 102, is_free=lambda _: True)
    book.keep({"found": 101})
    with pytest.raises(NoFreePort, match="no free port in 100-102"):
        book.take(["a", "b", "c"], {})
    assert book.take(["a", "b"], {}).keys() == {"a", "b"}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_on_which_somebody_listens_is_not_free(host: str) -> None:
    with socket.create_server((host, 0)) as listener:
        port = listener.getsockname()[1]
        assert not port_is_free(port)
    assert port_is_free(port)


def test_a_fixed_port_is_this_one_or_none() -> None:
    busy = {53}
    book = PortBook(100, 104, is_free=lambda port: port not in busy)
    assert book.take(["a", "web"], {"web": 100}, {"web": 80}) == {"a": 100, "web": 80}
    with pytest.raises(NoFreePort, match="another task on this machine has port 80"):
        book.take(["a", "web"], {}, {"web": 80})
    with pytest.raises(NoFreePort, match="port 53 is in use on this machine"):
        book.take(["dns"], {}, {"dns": 53})
    assert book.take(["a"], {}) == {"a": 102}
    assert book.take(["b", "c", "d"], {}).keys() == {"b", "c", "d"}, "what was not had is not kept"
