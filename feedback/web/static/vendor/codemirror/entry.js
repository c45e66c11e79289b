// What the YAML editor of the studio uses of CodeMirror, as one global: `codemirror`.
// docs/decisions/0019 says how codemirror.min.js is made from this file and package.json.
export { EditorState } from "@codemirror/state";
export {
  Decoration, Direction, EditorView, MatchDecorator, ViewPlugin, drawSelection, highlightActiveLine,
  highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
export {
  HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting,
} from "@codemirror/language";
export { defaultKeymap, history, historyKeymap, indentWithTab, undo } from "@codemirror/commands";
export { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
export { autocompletion, completionKeymap } from "@codemirror/autocomplete";
export { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
export { yaml } from "@codemirror/lang-yaml";
export { tags } from "@lezer/highlight";
