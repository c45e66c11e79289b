"""The sentences of the report and of refusals. They are messages of the desk's catalogue."""

from __future__ import annotations

from feedback.i18n import _

# What could not be carried over.
SETTINGS = _("These settings have no counterpart here and were left out: {names}.")
CUT = _("The text is longer than {length} characters. The rest was left out.")
PICTURE = _("A picture in the text was left out.")
VIDEO = _("A video, a sound or an embedded page in the text was left out.")
LINK = _("A link in the text was left out; its words are kept.")
TABLE = _("A table in the text became plain words.")
SCRIPT = _("A script or a style in the text was left out.")
FORMATTING = _("Bold, italic or lists in the text became plain words.")
TYPE_LEFT_OUT = _("There is no question of the type “{type}” here. It was left out.")
TYPE_BECAME = _("There is no question of the type “{type}” here. It became: {became}.")
PARTS = _("There is no question of the type “{type}” here. Its parts became questions of their own.")
TEXT_LEFT_OUT = _("Text without a question was left out: “{text}”")
HIDDEN = _("The question is hidden in the source. It was left out.")
CONDITION = _("This condition could not be carried over, so the question is asked of everybody: {condition}")
JUMP = _("This jump could not be carried over: {jump}")
JUMP_BACK = _("A jump back to an earlier question could not be carried over: {jump}")
END_CONDITION = _("Only one closing text was carried over. Left out: “{text}”")
REPEATED = _(
    "The text repeats “{code}”, which is not the answer to an earlier question. Its name stands in square brackets."
)
FALLBACK = _("The text repeats an earlier answer. Write after the bar what it says if there is no answer.")
REPEATED_IN_BOX = _("A text that stays word for word repeats “{code}”. That was taken out.")
BRACES = _("Braces and backslashes were taken out of a text that stays word for word.")
COMPUTED = _("The text computes “{code}”. That was taken out.")
LANGUAGE = _("The language “{language}” has no two-letter code. Its texts were left out.")
LANGUAGE_TWICE = _(
    "The languages “{language}” and “{other}” are one language here. The texts of “{language}” were left out."
)
ROWS_CHOICES = _("A table with other answers than a scale became one question for each row.")
NO_TEXT = _("A question without any text was left out.")
NO_OPTIONS = _("A list without options became a free text.")
LOGIC_OF_OPTION = _("The option “{option}” has a condition of its own. It is always offered here.")
CHOICES_ELSEWHERE = _("The options are loaded from elsewhere. They became a free text.")
OPTIONS_FROM = _("The options depend on the answer to “{code}”. Here all of them are offered.")
MIDDLE = _(
    "The middle of the scale says “{option}” in the source. Here it has the usual words of a satisfaction scale."
)
OPTIONAL = _("An open question cannot be required here, so it can be skipped.")
TIME_OF_DAY = _("Only the day is asked, not the time of day.")
YEAR = _("The source asks for a day without its year. Here the year is asked, too.")
STEPS = _(
    "The source allows only some numbers of its range, in steps of {step}. Here all of them are accepted."
)
RANK_ALL = _("All options have to be ranked here. If the first few are enough, write for example `top: 3`.")
RANKED_OTHER = _("“{option}” has no text box in a ranking.")
TOTAL = _("The numbers should add up to {total} in the source. That is not checked here.")

# What was guessed.
WELCOME = _(
    "The welcome text became a note at the beginning: “{text}” Delete it if your message says it already."
)
CONSENT_GUESSED = _("A single box to tick was read as a consent.")
NO_LOWEST = _("The source has no lowest number, so negative numbers are accepted. Otherwise write `min: 0`.")
DECIMALS = _("At most two decimal places are accepted.")
WORD_BEGINS = _("This condition looks for words that begin like this: {condition}")
TYPE_GUESSED = _("Read as the type “{type}”. Check it.")
LABELS_GUESSED = _("The scale has no words at its ends. The usual ones of the type “{type}” are used.")
OTHER_GUESSED = _("“{option}” was read as an option with a text box.")
OPT_OUT_GUESSED = _("“{option}” was read as a way to give no answer.")
NONE_GUESSED = _("“{option}” was read as excluding the other options.")
MULTI_GUESSED = _("Read as a question with several answers.")
CONDITION_GUESSED = _("Asked only after the answer “{option}”, because it begins with “{begin}”.")
LANGUAGE_GUESSED = _("The language was recognised from the text: {language}.")
TITLE_GUESSED = _("The title was taken from the file name or the first line. Check it.")
SKIPS = _("A jump became a condition of the questions that it skips.")

# Refusals.
EMPTY = _("The file is empty. Choose a file with questions.")
TOO_LARGE = _("The file is larger than 2 MB. Export only the questionnaire, without answers and pictures.")
TOO_LONG = _("The text is longer than 60,000 characters. Paste one questionnaire at a time.")
TOO_MANY_PARTS = _(
    "The file has too many parts for a questionnaire. Export only the questionnaire, without answers."
)
TOO_DEEP = _("The file is nested too deeply for a questionnaire.")
TOO_MANY_QUESTIONS = _("The file has more than 300 questions. Divide it into several questionnaires.")
TOO_MANY_OPTIONS = _(
    "A question of the file has more than 500 options or rows. Shorten the list, then import it again."
)
TOO_MANY_WORDS = _("The questionnaire would be too long. Divide it, or leave out languages.")
WRONG_KIND = _("This is a {kind}. Choose a questionnaire exported from a survey tool, or paste its text.")
OLD_OFFICE = _("This is an Excel or Word file of the old kind. Save it as .xlsx, or paste the text.")
WORD = _("This is a Word document. Copy its text and paste it instead.")
NOT_TEXT = _(
    "This is not a text file. Choose a questionnaire exported from a survey tool, or paste its text."
)
BROKEN_JSON = _("This is not valid JSON: line {line}, column {column}. Export the file again.")
BROKEN_XML = _("This is not valid XML: line {line}. Export the file again.")
XML_TRICKS = _(
    "The XML file declares entities or a document type, which is not safe to read. Export it again without them."
)
BROKEN_ZIP = _("The .xlsx file is damaged or protected by a password. Save it again without a password.")
UNKNOWN = _("The file is none of the formats that can be imported: {formats}.")
UNREADABLE = _("The draft made of this file cannot be read. Report this as a bug of the import: {problem}")
OWN_BROKEN = _("This questionnaire cannot be read. Fix it first. Line {problem}")
NOTHING_LEFT = _("The file has no question of a type that can be asked here.")
NO_QUESTIONS = _("There is no question in it. Write one question per line, and begin each with a number.")

# Kinds of files that are no questionnaires.
PDF = _("PDF file")
IMAGE = _("picture")
ARCHIVE = _("compressed archive")
WEB_PAGE = _("web page")
MEDIA = _("sound or video file")
