// The tab shows the page of `profile-router report` in a frame that runs no script and loads nothing from elsewhere.
(function () {
  "use strict";
  const SDK = window.__HERMES_PLUGIN_SDK__;
  const PLUGINS = window.__HERMES_PLUGINS__;
  if (!SDK || !PLUGINS) return;
  const { React } = SDK;
  const draw = React.createElement;

  // The frame follows the theme of Hermes, not that of the machine: light letters stand on a dark ground.
  function scheme() {
    const [red, green, blue] = (getComputedStyle(document.body).color.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    return 0.3 * red + 0.6 * green + 0.1 * blue > 128 ? "dark" : "light";
  }

  function Report() {
    const [asked, ask] = React.useState(0);
    const [answer, setAnswer] = React.useState(null);
    React.useEffect(function () {
      let here = true;
      SDK.fetchJSON("/api/plugins/profile-router/report")
        .then((found) => here && setAnswer(found))
        .catch(() => here && setAnswer({ problem: "Hermes did not answer; is `hermes dashboard` still running?" }));
      return () => { here = false; };
    }, [asked]);
    if (!answer) {
      return draw("p", { role: "status" }, "Reading the report…");
    }
    if (!answer.page) {
      return draw(
        "div",
        { role: "alert" },
        draw("p", null, answer.problem),
        draw("button", {
          type: "button",
          style: { border: "1px solid", borderRadius: "4px", padding: ".2rem .8rem", cursor: "pointer" },
          onClick: () => { setAnswer(null); ask(asked + 1); },
        }, "Try again"),
      );
    }
    return draw("iframe", {
      title: "Routing",
      sandbox: "",
      srcDoc: answer.page,
      style: { width: "100%", height: "calc(100vh - 8rem)", minHeight: "20rem", border: 0, colorScheme: scheme() },
    });
  }

  PLUGINS.register("profile-router", Report);
})();
