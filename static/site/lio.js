// LIO on your own site: tells your LIO which pages a visitor sees. It sets no cookies, keeps one random number in this site's own
// storage, sends nothing to anybody else, and does nothing at all for visitors who ask not to be tracked.
//   <script src="https://YOUR-LIO/site/lio.js" data-key="site_..." async></script>
// With data-wait it keeps and sends nothing until lio.start(), for a site that asks for consent first; lio.stop() forgets.
// lio.identify("jane@example.com") says who the visitor is, as soon as your site knows it.
(() => {
  const tag = document.currentScript
  const no = navigator.globalPrivacyControl || [navigator.doNotTrack, window.doNotTrack].some(v => v === "1" || v === "yes")
  const home = tag && new URL(tag.src).origin, NAME = "lio_visitor", UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  let visitor, seen, on = false

  function number() {
    try { visitor = localStorage.getItem(NAME) } catch { /* storage is off: a number for this page alone */ }
    if (UUID.test(visitor)) return
    const b = crypto.getRandomValues(new Uint8Array(16))
    b[6] = b[6] & 15 | 64
    b[8] = b[8] & 63 | 128
    visitor = [...b].map(n => n.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
    try { localStorage.setItem(NAME, visitor) } catch { /* the same */ }
  }
  function send(what) {
    if (on) fetch(home + "/api/v1/track/site", {
      method: "POST", keepalive: true, credentials: "omit", body: JSON.stringify({ key: tag.dataset.key, visitor, ...what })
    }).catch(() => {})
  }
  function view() {
    if (location.pathname !== seen) send({ page: seen = location.pathname })
  }
  function start() {
    if (no || on || !tag || !tag.dataset.key) return
    on = true
    number()
    view()
  }
  function stop() {
    on = false
    seen = visitor = undefined
    try { localStorage.removeItem(NAME) } catch { /* there is nothing to forget */ }
  }
  for (const name of ["pushState", "replaceState"]) {
    const own = history[name]
    history[name] = function () { own.apply(this, arguments); if (on) view() }
  }
  addEventListener("popstate", () => { if (on) view() })
  // a link to a hosted form carries the number along, so that who fills it in is known
  addEventListener("click", event => {
    const link = on && event.target.closest && event.target.closest("a[href]")
    if (!link || link.origin !== home || !link.pathname.includes("/web-form/")) return
    const to = new URL(link.href)
    to.searchParams.set(NAME, visitor)
    link.href = to
  }, true)
  window.lio = { start, stop, identify: email => send({ email }) }
  if (!tag || "wait" in tag.dataset) return
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true })
  else start()
})()
