import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.contact.recipient import EmailAddress, PhoneNumber, canonical, dialled, spellings


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+90 532 123 45 67", None, "+905321234567"),
        ("0532 123 45 67", "TR", "+905321234567"),
        ("00905321234567", "TR", "+905321234567"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("۰۹۱۲۱۲۳۴۵۶۷", "IR", "+989121234567"),
        ("+۹۸ ۹۱۲ ۱۲۳ ۴۵۶۷", None, "+989121234567"),
        ("٠٥٠١٢٣٤٥٦٧", "SA", "+966501234567"),
        ("\u202a+49 151 12345678\u202c", None, "+4915112345678"),  # copied out of right-to-left text
        ("tel:+44-20-7946-0958", None, "+442079460958"),
        ("+90 532 123 45 67", "US", "+905321234567"),  # a written country code beats the default
        ("905321234567.0", "TR", "+905321234567"),  # pandas, for a column with an empty cell
        ("5321234567.0", "TR", "+905321234567"),
        ("905321234567,00", "TR", "+905321234567"),
        ("4915112345678.0", "DE", "+4915112345678"),
        ("04915112345678", "DE", "+494915112345678"),  # with the 0 of a national number
        ("6281234567890.0", "ID", "+6281234567890"),
        ("436641234567.0", "AT", "+436641234567"),
        ("+90 532 123 45 67.0", None, "+905321234567"),
        ("06.12.34.56.00", "FR", "+33612345600"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("045 55 1234 5678", "MX", "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("11 15 2345 6789", "AR", "+5491123456789"),
        ("+225 07 07 12 34 56", None, "+2250707123456"),
    ],
)
def test_a_number_is_read_as_people_write_it(text, region, e164):
    assert PhoneNumber.parse(text, region).e164 == e164


@pytest.mark.parametrize(
    ("text", "region", "complaint"),
    [
        ("0532 123 45 67", None, "no country code"),
        ("+999 123 456 789", None, "no country code"),
        ("hello", "TR", "not a phone number"),
        ("", "TR", "not a phone number"),
        ("+90 532 12", None, "wrong number of digits"),
        ("+90 532 123 45 67 89 10", None, "wrong number of digits"),
        ("+1 212 555 0123 ext. 5", None, "extension"),
        ("(212) 555-0145 x12", "US", "extension"),
        ("0212 555 12 34 dahili 12", "TR", "extension"),
        ("02188776655 داخلی ۱۲", "IR", "extension"),
        ("030 123456 Durchwahl 7", "DE", "extension"),
        ("030 123456 / 78", "DE", "another one"),
        ("089 1234 56/57", "DE", "another one"),
        ("0532 123 45 67 / 0533 765 43 21", "TR", "another one"),
        ("9.05321E+11", "TR", "shortened"),
        ("9,05E+11", "TR", "shortened"),
        ("9E11", "TR", "shortened"),
        ("905321234567.5", "TR", "decimal places"),
        ("555-0134", "US", "area code"),
        ("321 45 67", "TR", "area code"),
        ("444 0 123", "TR", "number of a service"),
        ("+1 900 234 5678", None, "number of a service"),
        ("000-000-0000", "US", "filler"),
        ("555-555-5555", "US", "filler"),
        ("0500 000 00 00", "TR", "filler"),
        ("123-456-7890", "US", "no numbers that begin like this"),
        ("+225 07 12 34 56", None, "Ivory Coast has had 10 digits"),
        ("07 12 34 56", "CI", "Ivory Coast has had 10 digits"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_a_sentence(text, region, complaint):
    with pytest.raises(ValueError, match=complaint):
        PhoneNumber.parse(text, region)


@given(st.text(max_size=40), st.sampled_from([None, "TR", "US", "IR"]))
def test_wild_text_is_a_number_or_a_value_error_that_keeps_the_text_to_itself(text, region):
    try:
        number = PhoneNumber.parse(text, region)
    except ValueError as error:
        assert len(text) < 6 or text not in str(error)
    else:
        assert PhoneNumber.parse(number.e164) == number


def test_only_e164_can_be_stored():
    with pytest.raises(ValueError, match=r"E\.164"):
        PhoneNumber("05321234567")


@pytest.mark.parametrize(
    ("e164", "region", "zones"),
    [
        ("+905321234567", "TR", ("Europe/Istanbul",)),
        ("+989121234567", "IR", ("Asia/Tehran",)),
        ("+12125550123", "US", ("America/New_York",)),
        ("+34612345678", "ES", ("Atlantic/Canary", "Europe/Madrid")),
    ],
)
def test_a_number_tells_country_and_zones(e164, region, zones):
    number = PhoneNumber(e164)
    assert (number.region, number.time_zones()) == (region, zones)


def test_an_australian_mobile_may_be_in_many_zones():
    zones = PhoneNumber("+61412345678").time_zones()
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones)


def test_the_country_of_every_kind_of_number_is_that_of_the_library():
    checked = 0
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            kinds = phonenumbers.PhoneNumberType.values()
            examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
            examples.append(phonenumbers.example_number_for_non_geo_entity(code))
            for example in filter(None, examples):
                e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                if len(e164) > 7:
                    found = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
                    assert PhoneNumber(e164).region == (found if found != "001" else None), e164
                    checked += 1
    assert checked > 1_000


def test_a_number_of_no_country_tells_nothing():
    number = PhoneNumber("+881612345678")
    assert number.region is None
    assert number.time_zones() == ()


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+905321231234", "+90 *** *** 12 34"),
        ("+12125550123", "+1 *** *** 01 23"),
        ("+2901234", "+290 *** *** ** 34"),
    ],
)
def test_a_masked_number_shows_its_country_and_its_tail(e164, masked):
    assert PhoneNumber(e164).masked == masked


def test_printing_an_address_gives_nobody_away():
    phone, email = PhoneNumber("+905321231234"), EmailAddress.parse("ayse.yilmaz@example.com")
    for printed in (str(phone), repr(phone), f"{[phone]}"):
        assert "532" not in printed
    for printed in (str(email), repr(email), f"{[email]}"):
        assert "yilmaz" not in printed


def test_phonenumbers_is_loaded_only_when_a_number_is_read_and_geocoder_never():
    program = (
        "import sys; from feedback.core.contact.recipient import PhoneNumber as P;"
        "assert 'phonenumbers' not in sys.modules;"
        "P.parse('+905321234567').time_zones(); assert 'phonenumbers' in sys.modules;"
        "assert 'phonenumbers.geocoder' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee+nps@Example.COM \n", "Ann.Lee+nps@example.com"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("ali@bücher.example", "ali@xn--bcher-kva.example"),
        ("\u200eali@example.com\u200f", "ali@example.com"),
    ],
)
def test_an_email_address_is_normalised(text, address):
    assert EmailAddress.parse(text).address == address


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "exactly one @"),
        ("ann", "exactly one @"),
        ("ann@home@example.com", "exactly one @"),
        ("Ann Lee <ann@example.com>", "must not contain spaces"),
        ("ann@example.com\nBcc: all@example.com", "must not contain spaces or line breaks"),
        ("@example.com", "nothing before"),
        (".ann@example.com", "a dot in an invalid place"),
        ("ann..lee@example.com", "a dot in an invalid place"),
        ("<ann@example.com", "an invalid character"),
        ("anné@example.com", "letters that most"),
        ("a" * 65 + "@example.com", "longer than 64"),
        ("ann@example", "not a domain name"),
        ("ann@example..com", "not a domain name"),
        ("ann@-example.com", "not a domain name"),
        ("ann@127.0.0.1", "not a domain name"),
        ("ann@exam_ple.com", "not a domain name"),
        ("ann@" + "x" * 64 + ".com", "not a domain name"),
        ("ann@" + ".".join(["abcdefgh"] * 30) + ".com", "254"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        EmailAddress.parse(text)


@given(st.text(max_size=60) | st.emails())
def test_an_accepted_address_reads_back_as_itself_and_cannot_break_a_header(text):
    try:
        email = EmailAddress.parse(text)
    except ValueError:
        return
    assert EmailAddress.parse(email.address) == email
    assert email.address.isascii()
    assert not set(email.address) & set("\r\n\0 ,;<>")


def test_the_same_mailbox_has_the_same_key():
    assert EmailAddress.parse("Ann@Example.com").key == EmailAddress.parse("ann@example.COM").key


def test_a_masked_address_shows_one_letter_and_the_domain():
    assert EmailAddress.parse("ayse@example.com").masked == "a***@example.com"


@pytest.mark.parametrize(
    ("stored", "sender"),
    [
        ("+12125550145", "rcs:+12125550145"),
        ("+12125550145", "whatsapp:+12125550145"),
        ("+12125550145", "WhatsApp:+1 212 555 0145"),
        ("+12125550145", "sms:+12125550145"),
        ("+905321234567", "905321234567"),
        ("+905321234567", "00905321234567"),
        ("+905321234567", "tel:+90-532-123-45-67"),
        ("+525512345678", "+5215512345678"),
        ("+5215512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
        ("+5491123456789", "+54111523456789"),
        ("+54111523456789", "+541123456789"),
        ("+5492214567890", "+54221154567890"),
        ("+5511987654321", "+551187654321"),
        ("+551187654321", "whatsapp:+5511987654321"),
        ("+22507123456", "+2250707123456"),
        ("+2250504123456", "+22504123456"),
        ("+22997123456", "+2290197123456"),
        ("+841201234567", "+84701234567"),
        ("+84351234567", "+841651234567"),
    ],
)
def test_the_spellings_of_one_number_are_one_number(stored, sender):
    assert canonical(stored) == canonical(sender)
    assert stored in spellings(sender)
    assert dialled(sender) in spellings(stored)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+12125550145", "+12125550146"),
        ("+525512345678", "+525512345679"),
        ("+551133334444", "+5511933334444"),  # a land line of Brazil has no ninth digit
        ("+2252720123456", "+2250720123456"),
        ("+15212345678", "+5212345678"),
        ("50145", "+50145"),
        ("ACME", "acme"),
    ],
)
def test_numbers_of_different_people_stay_apart(one, other):
    assert canonical(one) != canonical(other)
    assert other not in spellings(one)


@given(st.from_regex(r"\+(1|52|521|54|549|55|225|229|84|90)[0-9]{7,11}", fullmatch=True))
def test_whatever_is_a_spelling_of_a_number_finds_it_again(number):
    assert canonical(canonical(number)) == canonical(number)
    for each in spellings(number):
        assert number in spellings(each)
