// The palette: typing narrows the list, Enter takes the first of it, arrows walk through it.
// What is typed can always be searched for in the leads, companies or contacts: those entries submit the form.
// Listens on the document, since Back may bring another palette with the page.
const palette = event => event.target.closest?.("#palette")

function narrow(palette) {
  const text = palette.querySelector("input").value
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  for (const item of palette.querySelectorAll("li")) {
    const search = item.querySelector("[data-words]")
    item.hidden = search ? !words.length : !words.every(word => item.textContent.toLowerCase().includes(word))
    if (search) search.textContent = text
  }
}

document.addEventListener("input", event => {
  if (palette(event)) narrow(palette(event))
})

document.addEventListener("keydown", event => {
  const open = palette(event)
  if (!open) return
  const input = open.querySelector("input")
  if (event.key === "Escape") { // a search box would only empty itself
    event.preventDefault()
    open.close()
  }
  const list = [...open.querySelectorAll("li:not([hidden]) > :is(a, button)")]
  const at = list.indexOf(document.activeElement)
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step) {
    event.preventDefault()
    const next = at < 0 && step < 0 ? list.length - 1 : at + step
    ;(list[next] ?? input).focus()
  } else if (event.key === "Enter" && event.target === input) {
    event.preventDefault()
    list[0]?.click()
  } else if (at >= 0 && event.key.length === 1 && event.key !== " ") input.focus()
})

// "close" does not bubble
document.addEventListener("close", event => {
  const closed = palette(event)
  if (!closed) return
  closed.querySelector("input").value = ""
  narrow(closed)
}, true)
