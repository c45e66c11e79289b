// The browser's part of a passkey: ask the device, put its answer into the form, send the form.
"use strict";

async function ask(form) {
  const options = JSON.parse(form.dataset.options);
  const made = form.dataset.passkey === "create";
  const publicKey = made
    ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
    : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  const answer = credential.toJSON();
  answer.extensions = JSON.stringify(answer.clientExtensionResults ?? {});
  return JSON.stringify(answer);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  ask(form).then(
    (answer) => {
      form.elements.credential.value = answer;
      form.submit();
    },
    () => {
      form.querySelector("[data-waiting]").hidden = true;
      form.querySelector("[data-failed]").hidden = false;
    },
  );
}
