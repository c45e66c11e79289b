"""Files in the shapes of the exports of well-known systems; every person and number in them is made up."""

from __future__ import annotations

from io import BytesIO

from xlsxwriter import Workbook

HUBSPOT = """Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company,Associated Company IDs,\
Country/Region,Preferred language,Unsubscribed from all email,Lifecycle Stage
101,Selin,Arslan,selin@acme.example,0532 123 45 67,Selin Aksoy,Acme Tekstil,9001,Turkey,Turkish,false,Customer
102,Grace,Moore,grace@north.example,+1 212 555 0134,Cem Kaya,North Inc,9002,United States,English,true,Customer
"""
SALESFORCE = """"Contact ID 18","First Name","Last Name","Email","Mobile","Account ID 18","Account Name",\
"Account Owner","Mailing Country","Email Opt Out","Do Not Call"
"0035g00000AbCdEAAV","Omar","Haddad","omar@contoso.example","+49 1512 3456789","0015g00000XyZabAAB","Contoso Health",\
"Cem Kaya","Germany","0","1"

"Customer report"
"Copyright (c) 2026"
"""
PIPEDRIVE = """Person - ID;Person - Name;Person - Email;Person - Phone;Person - Organization;Organization - ID;\
Person - Owner
7;Deniz Yıldız;deniz@anadolu.example;+90 532 765 43 21;Anadolu Tekstil;55;Cem Kaya
"""
ZENDESK = """id,name,email,phone,organization_id,organization,locale,time_zone,role
360001,Ivy Lane,ivy@blue.example,+442071838750,77,Blue Bakery,en-GB,London,end-user
"""
INTERCOM = """User ID,Email,Name,Phone,Company name,Company ID,Language,Unsubscribed from Emails,Country
u-1,neda@pars.example,ندا رستمی,+989121234567,پارس نیرو,co-3,fa,false,Iran
"""
FRESHDESK = """Contact Id,Full name,Email,Work phone,Mobile phone,Company,Language,Time zone
43000001,Sam Doe,sam@initech.example,,+14155550132,Initech,en,Pacific Time (US & Canada)
"""
CHARGEBEE = """Customer Id,First Name,Last Name,Email,Phone,Company,Billing Country,Preferred Currency Code,MRR
cb_16BdD,Lena,Weiß,lena@alpen.example,+436641234567,Alpen GmbH,AT,EUR,1200.50
"""
STRIPE = """id,Description,Email,Name,Created (UTC),Currency,Delinquent,Business Name
cus_N1,Team plan,maya@moon.example,Maya Moon,2026-01-02 10:00,usd,false,Moon LLC
"""
EXCEL_TR = "sep=;\r\nMüşteri No;Ad Soyad;E-posta;Cep Telefonu;Ülke;Dil;Firma;Aylık Gelir;Yenileme Tarihi\r\n\
1001;Şeyma Işık;seyma@ornek.example;0532 111 22 33;Türkiye;Türkçe;Örnek A.Ş.;1.200,50;31.03.2027\r\n".encode(
    "cp1254"
)
EXCEL_DE = "Kundennummer;Vorname;Nachname;E-Mail-Adresse;Mobiltelefon;Land;Sprache;Firma;Vertragsende\r\n\
D-1;Jürgen;Groß;juergen@gross.example;0151 23456789;Deutschland;Deutsch;Groß & Söhne;01.04.2027\r\n".encode(
    "cp1252"
)
EXCEL_FA = "شناسه,نام,نام خانوادگی,ایمیل,موبایل,کشور,زبان,شرکت\r\n\
۱۰۱,مریم,کاظمی,maryam@pars.example,۰۹۱۲۱۱۱۲۲۳۳,ایران,فارسی,پارس نیرو\r\n".encode("utf-8-sig")

EXPORTS: dict[str, str | bytes] = {
    "hubspot": HUBSPOT, "salesforce": SALESFORCE, "pipedrive": PIPEDRIVE, "zendesk": ZENDESK, "intercom": INTERCOM,
    "freshdesk": FRESHDESK, "chargebee": CHARGEBEE, "stripe": STRIPE, "excel-tr": EXCEL_TR, "excel-de": EXCEL_DE,
    "excel-fa": EXCEL_FA,
}  # fmt: skip


def workbook(rows: list[list[object]], *, above: int = 0) -> bytes:
    """An XLSX file whose first sheet is empty and whose second one has these rows; dates are real dates."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        book.add_worksheet("Cover")
        sheet = book.add_worksheet("Customers")
        for number, row in enumerate(rows, above):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return out.getvalue()
