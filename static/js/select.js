// Ticking rows: shift-click ticks a range, the head's box ticks the page, the bulk bar counts.
let last = null

const boxes = list => [...list.querySelectorAll(".pick input[name=ids]")]

document.addEventListener("click", event => {
  const box = event.target.closest?.(".pick input[name=ids]")
  if (!box) return
  const all = boxes(box.closest(".list"))
  if (event.shiftKey && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b)
    for (const other of all.slice(from, to + 1)) other.checked = box.checked
  }
  last = box
})

document.addEventListener("change", event => {
  const list = event.target.closest?.(".list")
  if (!list) return
  if (event.target.matches("[data-tick-page]")) for (const box of boxes(list)) box.checked = event.target.checked
  // "all that match" with one row taken out would still take that one along
  else if (event.target.matches(".pick input") && !event.target.checked) list.querySelector("[name=select_all]:checked")?.click()
  count(list)
})

document.addEventListener("click", event => {
  const clear = event.target.closest("[data-untick]")
  if (!clear) return
  const list = clear.closest(".list")
  for (const box of list.querySelectorAll("input[type=checkbox]")) box.checked = false
  count(list)
})

function count(list) {
  const all = boxes(list)
  const ticked = all.filter(box => box.checked).length
  const every = list.querySelector("[name=select_all]")
  if (every && !ticked) every.checked = false
  const head = list.querySelector("[data-tick-page]")
  if (head) {
    head.checked = ticked > 0 && ticked === all.length
    head.indeterminate = ticked > 0 && ticked < all.length
  }
  const said = list.querySelector("[data-ticked]")
  if (said) said.textContent = `${every?.checked ? every.dataset.total : ticked} selected`
}

// The browser may bring ticks back with the page: count them.
addEventListener("pageshow", () => document.querySelectorAll(".list").forEach(count))
