// Toasts: the server sends HX-Trigger {"toast": {"text", "undo_url"?, "error"?}}; they go after eight seconds,
// later while pointed at or focused. Messages that came with the page are toasts already.
const region = () => document.getElementById("toasts")
const STAY = 8000

function show({ text, undo_url, error }) {
  const toast = region().querySelector("template").content.firstElementChild.cloneNode(true)
  toast.querySelector("p").textContent = text
  toast.classList.toggle("error", Boolean(error))
  const undo = toast.querySelector("[data-undo]")
  if (undo_url) undo.dataset.undo = undo_url
  else undo.remove()
  region().append(toast)
  expire(toast)
}

function expire(toast) {
  setTimeout(() => toast.matches(":hover, :focus-within") ? expire(toast) : toast.remove(), STAY)
}

document.addEventListener("toast", event => show(event.detail))
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.getResponseHeader("HX-Trigger")?.includes('"toast"')) return // the answer says it itself
  if (xhr.status === 429) show({ text: "Too many requests. Wait a moment and try again.", error: true })
  else show({ text: xhr.status === 403 ? "You may not do that." : "Not saved. Reload the page and try again.", error: true })
})
document.addEventListener("htmx:sendError", () => show({ text: "LIO cannot be reached. Check your connection and try again.", error: true }))

document.addEventListener("click", event => {
  const toast = event.target.closest(".toast")
  if (!toast) return
  const undo = event.target.closest("[data-undo]")
  if (undo) htmx.ajax("POST", undo.dataset.undo, { source: document.body, swap: "none" })
  if (undo || event.target.closest("[data-dismiss]")) toast.remove()
})

document.querySelectorAll(".toast").forEach(expire)
