"""Where new keys go."""

from __future__ import annotations

from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put
from tests.services.studio.editing.sample import SAMPLE


def test_a_new_key_goes_where_the_shipped_files_have_it() -> None:
    editor = YamlEditor(SAMPLE)
    put(editor, ("questions", 2, "required"), value=True)
    put(editor, ("messages", "sms", "en"), "Hi {link}")
    put(editor, ("purpose",), "Learn.")
    assert "    type: text\n    required: true\n    text:" in editor.text
    assert editor.text.endswith(
        'messages:\n  sms: {en: "Hi {link}"}\nthanks: {en: Thanks!, tr: Teşekkürler!}\n'
    )
    assert "tr: Ziyaret}\npurpose: Learn.\nlanguages:" in editor.text
