// Dragging cards. The card moves at once; what the server refuses puts it back (409 reads the board anew, 422 asks first).
// Keyboard and touch use the card's "Move to" link, which opens #move. A form in a column adds a deal there.
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
  const before = below(list, event) ?? list.querySelector(".more")
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

// The card before which the dragged one would go. Asks for what is under the pointer: a column may hold thousands.
function below(list, { target, clientX: x, clientY: y }) {
  if (y < list.getBoundingClientRect().top) return list.querySelector(".deal")
  const over = target.closest(".deal") ?? document.elementFromPoint(x, y + 10)?.closest(".deal")
  if (!over || over.parentElement !== list) return null
  if (over === card) return card.nextElementSibling
  return y < middle(over) ? over : over.nextElementSibling
}

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

// The board read anew stands where it stood.
let places
document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id === "board") places = [...document.querySelectorAll(".board, [data-cards]")].map(one => [one.id, one.scrollLeft, one.scrollTop])
})
document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== "board") return
  for (const [id, left, top] of places ?? []) (id ? document.getElementById(id) : document.querySelector(".board"))?.scrollTo(left, top)
})

// Adding in a column: Escape or Cancel puts the form away and goes back to the button that opened it.
const putAway = form => {
  const column = form.closest(".col")
  form.parentElement.replaceChildren()
  column.querySelector("header a")?.focus()
}
document.addEventListener("click", ({ target }) => target.closest("[data-cancel-quick]") && putAway(target.closest("form")))
document.addEventListener("keydown", ({ key, target }) => key === "Escape" && target.closest("form.quick") && putAway(target.closest("form")))
