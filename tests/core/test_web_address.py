import pytest

from feedback.core.web_address import WebAddress


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("https://www.example.com/page?q=1#top", "https://www.example.com"),
        ("HTTPS://WWW.Example.COM:8443/", "https://www.example.com:8443"),
        ("https://www.example.com:443", "https://www.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://x.webhook.office.com/a@b/c;d,e", "https://x.webhook.office.com"),
    ],
)
def test_an_address_has_the_origin_that_a_browser_writes(written: str, origin: str) -> None:
    assert WebAddress.parse(written).origin == origin


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "example.com",
            "//example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "https://",
            "https:///x",
        ),
        *(
            "https://[::1",
            "https://[::1]x",
            "https://[x]",
            "https://1.2.3",
            "https://1.2.3.999",
            "https://a..b",
        ),
        *("https://user:password@example.com", "https://user@example.com", "https://@example.com"),
        *(
            "https://example.com:99999",
            "https://example.com:0",
            "https://example.com:x",
            "https://example.com:-1",
        ),
        *(
            'https://a".example',
            "https://a'.example",
            "https://a.example; script-src *",
            "https://a.example;x",
        ),
        *(
            "https://*.example.com",
            "https://a.example,b.example",
            "https://a b",
            "https://a\tb",
            "https://a\nb",
        ),
        *(
            "https://a\x00b",
            "https://-a.example",
            "https://" + "a" * 64 + ".example",
            "https://" + "a." * 200 + "b",
        ),
        *(
            "https://a.example/" + "x" * 2_000,
            "https://a\u0301" + "\u0316" * 100_000,
            "https://a\\b",
            "https://<a>",
        ),
    ],
)
def test_anything_else_is_no_web_address(written: str) -> None:
    with pytest.raises(ValueError):
        WebAddress.parse(written)
