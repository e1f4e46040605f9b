// Dragging cards. The card moves at once; what the server refuses puts it back (409 reads the board anew, 422 asks first).
// Keyboard and touch use the card's "Move to" link, which opens #move.
let card, home, dropped
const sent = new Map()
const dialog = () => document.getElementById("move")

document.addEventListener("dragstart", event => {
  card = event.target.closest?.(".deal[draggable]")
  if (!card) return
  home = [card.parentElement, card.nextElementSibling]
  dropped = false
  event.dataTransfer.effectAllowed = "move"
  event.dataTransfer.setData("text/plain", card.id)
  requestAnimationFrame(() => card?.classList.add("lift"))
})

document.addEventListener("dragover", event => {
  const column = card && event.target.closest?.(".col")
  if (!column) return
  event.preventDefault()
  for (const one of document.querySelectorAll(".col.over")) one.classList.toggle("over", one === column)
  column.classList.add("over")
  const list = column.querySelector("[data-cards]")
  const under = [...list.querySelectorAll(".deal")].find(other => other !== card && event.clientY < middle(other))
  const before = under ?? list.querySelector(".more")
  if (card.parentElement !== list || card.nextElementSibling !== before) list.insertBefore(card, before)
})

document.addEventListener("drop", event => {
  if (!card) return
  event.preventDefault()
  dropped = card.parentElement !== home[0] || card.nextElementSibling !== home[1]
  if (dropped) send(card, home)
})

document.addEventListener("dragend", () => {
  if (card && !dropped) back(card, home)
  for (const one of document.querySelectorAll(".col.over")) one.classList.remove("over")
  card?.classList.remove("lift")
  card = null
})

function middle(element) {
  const box = element.getBoundingClientRect()
  return box.top + box.height / 2
}

function back(element, [list, next]) {
  list.insertBefore(element, next?.parentElement === list ? next : null)
}

function send(element, from) {
  const above = element.previousElementSibling
  element.classList.add("sent")
  sent.set(element.dataset.move, [element, from])
  htmx.ajax("POST", element.dataset.move, { source: element, target: element, swap: "outerHTML", values: {
    stage_id: element.closest(".col").dataset.stage, after_id: above?.dataset.id ?? "", version: element.dataset.version, dragged: 1 } }).catch(() => {}) // told below
}

document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
  const [element, from] = sent.get(requestConfig?.path) ?? []
  if (!element) return
  sent.delete(requestConfig.path)
  element.classList.remove("sent")
  if (xhr.status < 200 || xhr.status >= 300) back(element, from)
})

document.addEventListener("htmx:afterSwap", event => {
  if (event.target.id === "ask" && event.target.childElementCount && !dialog()?.open) dialog()?.showModal()
})
document.addEventListener("deals-changed", () => {
  document.getElementById("ask")?.replaceChildren()
  dialog()?.close()
})
