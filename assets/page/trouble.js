/* When no answer comes: Gradio does not take a press, or the server is gone. Whoever waits is told so in a sentence where they wait, and
   the buttons there live again. Gradio itself says the one in a corner and in words of its own, and reloads the page after the other. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const WAITING = ["asked", "loading", "running", "working"];
  const sections = [];

  /** A section's value after a press that reached no handler. */
  page.refused = (value) => ({ ...value, state: "error", notice: page.say("trouble.refused") });

  /** Draw a section whenever its value changes, and tell it when the server is gone while it waits. */
  page.follow = (props, watch, show) => {
    watch("value", show);
    sections.push({ props, show });
  };

  page.serverGone = () => {
    for (const { props, show } of sections) {
      if (!WAITING.includes(props.value?.state)) continue;
      props.value = { ...props.value, state: "error", notice: page.say("trouble.gone") };
      show();
    }
  };

  /** Notice when the server is gone: Gradio asks one that it has lost, and no other, every two seconds for its app_id. */
  page.mindServer = (host) => {
    const { fetch } = host;
    host.fetch = (what, ...rest) => {
      if (String(what?.url ?? what).endsWith("/app_id")) page.serverGone();
      return fetch.call(host, what, ...rest);
    };
  };
  page.mindServer(window);
})();
