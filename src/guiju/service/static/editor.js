// The editor of queries: yasgui in place of the plain form. It asks this server and no other.
"use strict";
(() => {
  const place = document.getElementById("editor");
  const form = document.getElementById("ask");
  const endpoint = new URL(place.dataset.endpoint, location.href).href;
  const base = "https://w3id.org/guiju/";
  const prefixes = JSON.parse(place.dataset.prefixes);
  const { Yasqe, Yasr } = Yasgui;

  // Our prefixes and our terms, instead of what is looked up at other addresses.
  Yasqe.defaults.autocompleters = ["variables"];
  Yasqe.forkAutocompleter("prefixes", {
    name: "our-prefixes",
    persistenceId: null,
    get: () => Promise.resolve(Object.entries(prefixes).map(([name, space]) => `${name}: <${space}>`)),
  });
  const terms = `SELECT DISTINCT (STR(?term) AS ?iri) { { ?term a ?kind } UNION { ?thing ?term ?value }
    FILTER (ISIRI(?term) && (STRSTARTS(STR(?term), "${base}ontology") || STRSTARTS(STR(?term), "${base}taxonomy/"))) }`;
  const ours = fetch(`${endpoint}?query=${encodeURIComponent(terms)}`, {
    headers: { Accept: "application/sparql-results+json" },
  })
    .then((answer) => (answer.ok ? answer.json() : { results: { bindings: [] } }))
    .then((found) => found.results.bindings.map((row) => row.iri.value));
  Yasqe.forkAutocompleter("property", {
    name: "our-terms",
    bulk: true,
    persistenceId: null,
    get: () => ours,
    isValidCompletionPosition: (yasqe) => /^[a-z-]+:/.test(yasqe.getCompleteToken().string),
  });

  const asksUs = (config) => ({ ...config, requestConfig: { ...(config.requestConfig || {}), endpoint } });
  place.hidden = false;
  const yasgui = new Yasgui(place, {
    persistenceId: "guiju",
    tabName: place.dataset.name || "查询",
    copyEndpointOnNewTab: false,
    populateFromUrl: asksUs,
    autofocus: false,
    requestConfig: { endpoint, method: "POST" },
    endpointCatalogueOptions: { getData: () => [] },
    yasqe: { value: form.elements.query.value, viewportMargin: Infinity },
    yasr: { prefixes },
  });
  form.hidden = true;

  // What yasgui leaves without a name gets one, also in what it makes later.
  const named = {
    "textarea": "查询 Query",
    ".tableSizer": "每页行数 Rows on a page",
    ".tableFilter": "在答案中找 Find in the answer",
    ".yasr_response_chip": "答案 Answer",
    "th.dt-orderable-none": "行 Row",
  };
  const mend = () => {
    for (const [what, words] of Object.entries(named)) {
      for (const each of place.querySelectorAll(what)) {
        if (!each.hasAttribute("aria-label")) each.setAttribute("aria-label", words);
      }
    }
    // A thing of ours is read on this server.
    for (const each of place.querySelectorAll(`.yasr_results a[href^="${base}"]`)) {
      each.href = place.dataset.base + each.getAttribute("href").slice(base.length);
    }
    // What scrolls can be reached by the keyboard.
    for (const each of place.querySelectorAll(".yasr_results")) each.tabIndex = 0;
    // The list of tabs also holds the button that adds one, so it is no list of tabs to a screen reader.
    const tabs = "[role=tablist], .tabsList [role=tab], .tabsList [role=presentation], .tabsList [aria-selected]";
    for (const each of place.querySelectorAll(tabs)) {
      each.removeAttribute("role");
      each.removeAttribute("aria-selected");
    }
  };
  new MutationObserver(mend).observe(place, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["role", "aria-selected"],
  });
  mend();

  // What the page was asked for stands in a tab of its own; those from before are kept beside it.
  const wanted = form.elements.query.value;
  if (yasgui.getTab().getYasqe().getValue() !== wanted) {
    yasgui.addTab(true, { name: place.dataset.name || "查询", yasqe: { value: wanted } }, { avoidDuplicateTabs: true });
  }
})();
