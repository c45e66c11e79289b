// The YAML view of the studio: CodeMirror over the page's text box, the linter's marks, completion from the schema.
// Without this file the page is a text box with the buttons Check and Save.
"use strict";

(() => {
  const form = document.querySelector("[data-yaml]");
  if (!form || !window.codemirror) return;
  const cm = window.codemirror, box = form.elements.text, found = document.getElementById("found");
  const { lint, schema, words } = form.dataset, said = JSON.parse(words);
  const PAUSE = 60; // milliseconds after the last key: of the 300 until the marks appear, 240 are for the answer

  // --- Colours: the page's own, so that light and dark follow it -----------------------------------------------

  const { tags } = cm;
  const colours = cm.HighlightStyle.define([
    { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--accent)" },
    { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
    { tag: [tags.lineComment, tags.comment, tags.meta], color: "var(--soft)", fontStyle: "italic" },
    { tag: [tags.bool, tags.null, tags.number, tags.keyword], color: "var(--warn)" },
    { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--soft)" },
  ]);
  const line = kind => ({ backgroundImage: "none", textDecoration: `underline wavy var(--${kind})`, textUnderlineOffset: "3px" });
  const look = cm.EditorView.theme({
    "&": { height: "100%", backgroundColor: "var(--sheet)", color: "var(--ink)", fontSize: ".875rem" },
    "&.cm-focused": { outline: "2px solid var(--accent)" },
    ".cm-scroller": { fontFamily: "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Vazirmatn', monospace", lineHeight: "1.6" },
    ".cm-content": { caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--soft)", borderColor: "var(--line)" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
    "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-wash) 45%, transparent)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)" },
    ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-wash)", color: "inherit" },
    ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--warn-wash)" },
    ".cm-tooltip, .cm-panels": { backgroundColor: "var(--sheet)", color: "var(--ink)", borderColor: "var(--line)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-ink)" },
    ".cm-tooltip-lint": { maxWidth: "32rem" },
    ".cm-diagnostic-error": { borderColor: "var(--bad)" },
    ".cm-diagnostic-warning": { borderColor: "var(--warn)" },
    ".cm-lintRange-error": line("bad"),
    ".cm-lintRange-warning": line("warn"),
    ".cm-lintRange-info": line("soft"),
    ".cm-highlightTab, .cm-lintRange-active": { backgroundImage: "none", backgroundColor: "var(--warn-wash)" },
    ".cm-foldPlaceholder": { backgroundColor: "var(--paper)", borderColor: "var(--line)", color: "var(--soft)" },
  });

  // --- Texts from right to left: each keeps its own direction within the line ----------------------------------

  const RTL = "\\u0590-\\u08ff\\ufb50-\\ufdff\\ufe70-\\ufeff";
  const isolate = cm.Decoration.mark({ attributes: { dir: "rtl" }, bidiIsolate: cm.Direction.RTL, class: "rtl" });
  const matcher = new cm.MatchDecorator({
    regexp: new RegExp(`[${RTL}][^\\n"'{}\\[\\]#]*[${RTL}؟!.…)»]|[${RTL}]`, "g"), decoration: isolate,
  });
  const isolates = cm.ViewPlugin.fromClass(class {
    constructor(view) { this.decorations = matcher.createDeco(view); }
    update(change) { this.decorations = matcher.updateDeco(change, this.decorations); }
  }, {
    decorations: plugin => plugin.decorations,
    provide: plugin => cm.EditorView.bidiIsolatedRanges.of(view => view.plugin(plugin)?.decorations ?? cm.Decoration.none),
  });

  // --- Completion: what the JSON Schema knows at the cursor ----------------------------------------------------

  let known = null;
  const load = () => known ??= fetch(schema, { credentials: "same-origin" }).then(answer => answer.json()).catch(() => ({}));

  const KEY = /^(\s*(?:- +)*)([\w-]+):(?:\s|$)/;
  const indent = text => text.match(/^\s*(?:- +)*/)[0].length;

  // The keys that lead to a line, from the outside; "-" stands for an entry of a list.
  function pathTo(state, number, column) {
    const path = [], current = state.doc.line(number).text;
    let limit = column;
    const dashes = (text, below) => {
      const starts = [];
      for (const match of text.match(/^\s*(?:- +)*/)[0].matchAll(/- +/g)) if (match.index < below) starts.push(match.index);
      return starts;
    };
    for (const start of dashes(current, limit).reverse()) { path.unshift("-"); limit = start; }
    for (let at = number - 1; at > 0 && (limit > 0 || path[0] === "-"); at--) {
      const text = state.doc.line(at).text, key = text.match(KEY);
      if (!text.trim() || /^\s*#/.test(text)) continue;
      if (key && (key[1].length < limit || (path[0] === "-" && key[1].length <= limit && !key[1].includes("-")))) {
        path.unshift(key[2]);
        limit = key[1].length;
      }
      for (const start of dashes(text, limit).reverse()) if (start < limit) { path.unshift("-"); limit = start; }
    }
    return path;
  }

  // The keys of the mapping around a line, with the values of those that have one.
  function siblings(state, number, column) {
    const keys = {}, first = /^\s*- /.test(state.doc.line(number).text);
    for (const step of first ? [1] : [-1, 1])
      for (let at = number + step; at > 0 && at <= state.doc.lines; at += step) {
        const text = state.doc.line(at).text, key = text.match(KEY);
        if (!text.trim() || /^\s*#/.test(text)) continue;
        const width = indent(text), begins = /^\s*- /.test(text) && width === column;
        if (step > 0 && begins || width < column) break;
        if (key && width === column) keys[key[2]] = text.slice(text.indexOf(":") + 1).trim();
        if (begins) break;
      }
    return keys;
  }

  function resolve(root, node) {
    const open = [node], all = [];
    while (open.length) {
      const one = open.pop();
      if (!one) continue;
      if (one.$ref) open.push({ ...root.$defs[one.$ref.split("/").pop()], description: one.description });
      else if (one.anyOf || one.oneOf) open.push(...(one.anyOf || one.oneOf));
      else all.push(one);
    }
    return all;
  }

  function nodesAt(root, path, type) {
    let nodes = [root];
    path.forEach((part, index) => {
      const last = index === path.length - 1;
      nodes = nodes.flatMap(node => {
        const inner = part === "-" ? node.items : node.properties?.[part]
          ?? (typeof node.additionalProperties === "object" ? node.additionalProperties : null);
        const mapping = inner?.discriminator?.mapping;
        if (mapping && last && mapping[type]) return resolve(root, { $ref: mapping[type] });
        return inner ? resolve(root, inner) : [];
      });
    });
    return nodes;
  }

  async function complete(context) {
    const root = await load(), { state, pos } = context, at = state.doc.lineAt(pos), before = at.text.slice(0, pos - at.from);
    const value = before.match(/^(\s*(?:- +)*)([\w-]+):\s+([\w-]*)$/), key = before.match(/^(\s*(?:- +)*)([\w-]*)$/);
    if (!value && (!key || (!key[2] && !context.explicit))) return null;
    const column = (value || key)[1].length, around = siblings(state, at.number, column), path = pathTo(state, at.number, column);
    if (!value) {
      const own = { ...around }, seen = new Map();
      for (const node of nodesAt(root, path, around.type))
        for (const [name, about] of Object.entries(node.properties || {}))
          if (!(name in own)) seen.set(name, about.description || "");
      const options = [...seen].map(([name, info]) => ({ label: name, apply: `${name}: `, type: "property", info: info || undefined }));
      return options.length ? { from: pos - key[2].length, options, validFor: /^[\w-]*$/ } : null;
    }
    const parents = nodesAt(root, path, around.type), values = new Set();
    for (const parent of parents) {
      for (const node of parent.properties?.[value[2]] ? resolve(root, parent.properties[value[2]]) : []) {
        for (const each of node.enum || (node.const !== undefined ? [node.const] : [])) values.add(String(each));
        if (node.type === "boolean") values.add("true").add("false");
      }
    }
    const options = [...values].map(each => ({ label: each, type: "enum" }));
    return options.length ? { from: pos - value[3].length, options, validFor: /^[\w-]*$/ } : null;
  }

  // --- The editor ----------------------------------------------------------------------------------------------

  const host = document.createElement("div");
  host.className = "code-editor";
  host.dir = "ltr"; // keys and indentation read from left to right in every language
  box.before(host);
  const root = host.attachShadow({ mode: "open" });
  let timer = 0, asked = null, findings = [], checked = null;

  const view = new cm.EditorView({
    root,
    parent: root,
    state: cm.EditorState.create({
      doc: box.value,
      extensions: [
        cm.lineNumbers(), cm.foldGutter(), cm.lintGutter(), cm.highlightSpecialChars(), cm.history(), cm.drawSelection(),
        cm.indentUnit.of("  "), cm.indentOnInput(), cm.bracketMatching(), cm.highlightActiveLine(),
        cm.highlightSelectionMatches(), cm.search({ top: true }), cm.yaml(), cm.syntaxHighlighting(colours), look, isolates,
        cm.autocompletion({ override: [complete], icons: false }), cm.EditorView.lineWrapping,
        cm.EditorState.readOnly.of(box.readOnly),
        cm.EditorView.contentAttributes.of({ "aria-label": said.label, dir: "ltr", lang: "en", spellcheck: "false", tabindex: "0" }),
        cm.keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => { form.querySelector("[value=save]")?.click(); return true; } },
          ...cm.completionKeymap, ...cm.searchKeymap, ...cm.lintKeymap, ...cm.foldKeymap, ...cm.historyKeymap, ...cm.defaultKeymap,
        ]),
        cm.EditorView.updateListener.of(change => {
          if (!change.docChanged) return;
          box.value = change.state.doc.toString();
          clearTimeout(timer);
          timer = setTimeout(check, PAUSE);
        }),
      ],
    }),
  });
  box.hidden = true;
  form.classList.add("has-editor");
  form.editor = view;
  addEventListener("beforeunload", event => {
    if (view.state.doc.toString() !== saved && !leaving) event.preventDefault();
  });
  const saved = form.dataset.changed === undefined ? view.state.doc.toString() : "\u0000";
  let leaving = false;
  form.addEventListener("submit", () => { leaving = true; });

  // --- The linter ----------------------------------------------------------------------------------------------

  // The server counts code points, the editor UTF-16 units.
  function units(text) {
    if (!/[\ud800-\udbff]/.test(text)) return point => Math.min(point, text.length);
    const starts = [];
    for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
    return point => starts[point] ?? text.length;
  }

  const body = (text, more = {}) => new URLSearchParams({ text, csrf_token: form.elements.csrf_token.value, ...more });
  const ask = (text, more, signal) => fetch(lint, {
    method: "POST", body: body(text, more), headers: { Accept: "application/json" }, credentials: "same-origin", signal,
  });

  // A check stores nothing, so one that is overtaken by the next is given up.
  async function check() {
    asked?.abort();
    const mine = asked = new AbortController(), text = view.state.doc.toString();
    try {
      const answer = await ask(text, {}, mine.signal);
      if (answer.ok && !answer.redirected) {
        const told = await answer.json();
        if (view.state.doc.toString() === text) show(text, told);
      } else found.textContent = answer.redirected || answer.status === 401 ? said.signedOut : said.later;
    } catch (error) {
      if (error.name !== "AbortError") found.textContent = said.later;
    }
  }

  function show(text, told) {
    const unit = units(text);
    checked = text;
    findings = told.findings.map(each => ({
      ...each, from: unit(each.from), to: unit(each.to),
      edits: each.edits.map(edit => ({ from: unit(edit.from), to: unit(edit.to), insert: edit.text })),
    }));
    const marks = findings.map(each => ({
      from: each.from, to: each.to, severity: each.severity, source: each.rule, message: each.message,
      actions: each.edits.length ? [{ name: said.apply, apply: () => change(each.edits) }] : [],
    }));
    view.dispatch(cm.setDiagnostics(view.state, marks));
    keepOpen(() => { found.innerHTML = told.html; });
    form.dispatchEvent(new CustomEvent("checked", { bubbles: true }));
  }

  // A half-written reason, and what is unfolded, survive the next answer of the linter.
  function keepOpen(renew) {
    const name = each => each.closest("[data-finding]").dataset.name;
    const open = [...found.querySelectorAll("details[open]")].map(each => [name(each), each.dataset.part]);
    const typed = [...found.querySelectorAll("input[type=text]")].filter(each => each.value).map(each => [name(each), each.value]);
    const busy = found.contains(document.activeElement) && document.activeElement.closest("[data-finding]");
    const at = busy && [name(document.activeElement), document.activeElement.dataset.part || document.activeElement.tagName];
    renew();
    const of = wanted => [...found.querySelectorAll("[data-finding]")].find(each => each.dataset.name === wanted);
    for (const [wanted, part] of open) of(wanted)?.querySelector(`details[data-part=${part}]`)?.setAttribute("open", "");
    for (const [wanted, value] of typed) { const field = of(wanted)?.querySelector("input[type=text]"); if (field) field.value = value; }
    if (at) of(at[0])?.querySelector(at[1] === "INPUT" ? "input[type=text]" : "button")?.focus();
  }

  // Edits are of the text that was checked; somebody who types faster gets new ones in a moment.
  function change(edits) {
    if (view.state.doc.toString() !== checked) return;
    view.dispatch({ changes: edits, userEvent: "input.fix", scrollIntoView: true });
    document.getElementById("changed").hidden = false;
  }

  document.getElementById("changed")?.querySelector("button").addEventListener("click", () => {
    cm.undo(view);
    document.getElementById("changed").hidden = true;
    view.focus();
  });

  found.addEventListener("click", async event => {
    const item = event.target.closest("[data-finding]"), button = event.target.closest("button, a");
    const finding = item && findings[item.dataset.finding];
    if (!finding) return;
    if (button?.dataset.part === "place") {
      event.preventDefault();
      view.dispatch({ selection: { anchor: finding.from, head: finding.to }, effects: cm.EditorView.scrollIntoView(finding.from, { y: "center" }) });
      view.focus();
    } else if (button?.name === "apply") {
      event.preventDefault();
      change(finding.edits);
    } else if (button?.name === "accept") {
      event.preventDefault();
      const fields = Object.fromEntries([...item.querySelectorAll("input, select")].map(each => [each.name, each.value]));
      const text = view.state.doc.toString(), answer = await ask(text, { ...fields, accept: item.dataset.finding });
      const told = await answer.json();
      const error = item.querySelector("[data-part=refused]");
      if (told.refused) { error.textContent = told.refused; error.hidden = false; }
      else if (text === checked) {
        const unit = units(text);
        change(told.edits.map(edit => ({ from: unit(edit.from), to: unit(edit.to), insert: edit.text })));
      }
    }
  });

  load();
  check();
})();
