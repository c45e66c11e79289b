"""Files in the shapes of survey tools' exports, written for these tests: none is a customer's file."""

from __future__ import annotations

import csv
import io

NPS = "How likely are you to recommend Acme to a friend or colleague?"
"""The question of `relationship-nps`, as a tool has it, with the company's name in it."""


def table(*rows: list[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


QUALTRICS = table(
    ["StartDate", "EndDate", "Status", "Finished", "RecordedDate", "ResponseId", "RecipientEmail",
     "ExternalReference", "UserLanguage", "Q1_NPS_GROUP", "Q1", "Q2"],
    ["Start Date", "End Date", "Response Type", "Finished", "Recorded Date", "Response ID", "Recipient Email",
     "External Data Reference", "User Language", f"{NPS} - Group", NPS, "What could we do better?"],
    ['{"ImportId":"startDate","timeZone":"America/Denver"}', '{"ImportId":"endDate","timeZone":"America/Denver"}',
     '{"ImportId":"status"}', '{"ImportId":"finished"}', '{"ImportId":"recordedDate","timeZone":"America/Denver"}',
     '{"ImportId":"_recordId"}', '{"ImportId":"recipientEmail"}', '{"ImportId":"externalDataReference"}',
     '{"ImportId":"userLanguage"}', '{"ImportId":"QID1_NPS_GROUP"}', '{"ImportId":"QID1"}', '{"ImportId":"QID2_TEXT"}'],
    ["2025-03-08 21:58:11", "2025-03-08 21:59:40", "IP Address", "True", "2025-03-08 21:59:41", "R_1aB",
     "Deniz@Example.com", "", "EN", "Promoter", "10", "Nothing,\nreally"],
    ["2025-06-01 10:00:00", "2025-06-01 10:01:00", "IP Address", "False", "2025-06-08 10:00:00", "R_2cD",
     "nobody@elsewhere.example", "", "EN", "Detractor", "3", ""],
    ["2025-06-02 10:00:00", "2025-06-02 10:01:00", "Survey Preview", "True", "2025-06-02 10:01:00", "R_3eF",
     "", "", "EN", "Passive", "8", "a trial"],
)  # fmt: skip
SURVEYMONKEY = table(
    ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name",
     "Last Name", NPS, "Which products do you use?", "", "", "What could we do better?"],
    ["", "", "", "", "", "", "", "", "Response", "Invoices", "Payments", "Other (please specify)",
     "Open-Ended Response"],
    ["118052219061", "446111201", "06/10/2025 07:48:07 AM", "06/10/2025 01:09:25 PM", "203.0.113.9",
     "deniz@example.com", "Deniz", "Demir", "9 - Very likely", "Invoices", "Payments", "", ""],
    ["118052219062", "446111201", "06/13/2025 07:48:07 AM", "06/13/2025 08:09:25 AM", "203.0.113.9",
     "", "", "", "2", "", "Payments", "", "Faster answers"],
)  # fmt: skip
GOOGLE_FORMS = table(
    ["Timestamp", "Email Address", NPS, "What could we do better?"],
    ["2025/03/14 9:05:12 AM GMT+3", "deniz@example.com", "7", "Shorter calls"],
    ["2025/03/14 11:59:59 PM GMT+3", "new@elsewhere.example", "10", ""],
)
GOOGLE_SHEET_TR = table(
    ["Zaman damgası", "E-posta adresi",
     "Acme hizmetlerini bir arkadaşınıza veya meslektaşınıza tavsiye etme olasılığınız nedir?"],
    ["14.03.2025 09:05:12", "deniz@example.com", "۷"],
)  # fmt: skip
TYPEFORM = table(
    ["#", NPS, "What could we do better?", "Response Type", "Start Date (UTC)", "Stage Date (UTC)",
     "Submit Date (UTC)", "Network ID", "Tags"],
    ["8hx2k1", "6", "Answer the phone", "completed", "2025-03-14 06:04:01", "", "2025-03-14 06:05:12", "ab12", ""],
    ["8hx2k2", "", "", "started", "2025-03-15 06:04:01", "", "2025-03-15 06:05:12", "ab13", ""],
)  # fmt: skip
DELIGHTED = table(
    [
        "ID",
        "Person Email",
        "Person Name",
        "Survey Type",
        "Score",
        "Comment",
        "Permalink",
        "Created At",
        "Tags",
    ],
    ["5435", "deniz@example.com", "Deniz Demir", "nps", "9", "Fast", "", "1741936512", ""],
    ["5436", "", "", "nps", "11", "", "", "1741936513", ""],
)
ASKNICELY = table(
    ["response_id", "name", "email", "answer", "answerlabel", "comment", "status", "sent", "opened", "responded",
     "segment"],
    ["77", "Deniz Demir", "deniz@example.com", "8", "Passive", "Fine", "responded", "1741900000", "1741930000",
     "1741936512", "vip"],
    ["78", "Lena", "lena@elsewhere.example", "", "", "", "sent", "1741900000", "", "1741900000", ""],
)  # fmt: skip
