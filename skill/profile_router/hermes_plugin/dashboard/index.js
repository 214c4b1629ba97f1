// The tab shows the page of `profile-router report` in a frame that runs no script and loads nothing from elsewhere.
(function () {
  "use strict";
  const SDK = window.__HERMES_PLUGIN_SDK__;
  const PLUGINS = window.__HERMES_PLUGINS__;
  if (!SDK || !PLUGINS) return;
  const { React } = SDK;

  function Report() {
    const [answer, setAnswer] = React.useState(null);
    React.useEffect(function () {
      let here = true;
      SDK.fetchJSON("/api/plugins/profile-router/report")
        .then((found) => here && setAnswer(found))
        .catch(() => here && setAnswer({ problem: "Hermes did not answer; try again" }));
      return () => { here = false; };
    }, []);
    if (!answer || !answer.page) {
      return React.createElement("p", null, answer ? answer.problem : "…");
    }
    return React.createElement("iframe", {
      title: "Routing",
      sandbox: "",
      srcDoc: answer.page,
      style: { width: "100%", height: "calc(100vh - 8rem)", border: 0 },
    });
  }

  PLUGINS.register("profile-router", Report);
})();
