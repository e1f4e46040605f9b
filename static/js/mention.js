// @ in a note: members whose name begins with what is typed, chosen with arrows and Enter, or by a click.
// textarea[data-mentions] holds the address that answers [{name, insert, email}]. inline.js fetches this with the first @.
const TYPED = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{N}][\p{L}\p{N}.'_+-]*(?: [\p{L}\p{N}.'-]*)?)?$/u
const WAIT = 120
let box, area, timer, asked = 0

const typed = target => TYPED.exec(target.value.slice(0, target.selectionStart))?.[1] ?? (
  /(?:^|[^\p{L}\p{N}])@$/u.test(target.value.slice(0, target.selectionStart)) ? "" : null)
const isOpen = () => box?.isConnected && !box.hidden
const options = () => [...box.children]
const chosen = () => options().findIndex(option => option.getAttribute("aria-selected") === "true")
const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value))

function close() {
  clearTimeout(timer)
  asked += 1
  if (!box) return
  box.hidden = true
  box.replaceChildren()
  area?.removeAttribute("aria-activedescendant")
}

function open(found) {
  if (!found.length) return close()
  if (!box?.isConnected) {
    box = document.createElement("ul")
    set(box, { id: "mentions", class: "mentions", role: "listbox", "aria-label": "Members to mention" })
  }
  area.after(box)
  box.replaceChildren(...found.map(({ name, insert, email }, n) => {
    const option = document.createElement("li"), small = document.createElement("small")
    set(option, { id: `mention-${n}`, role: "option", "data-insert": insert })
    small.textContent = email
    option.append(name, " ", small)
    return option
  }))
  box.hidden = false
  area.setAttribute("aria-controls", "mentions")
  mark(0)
}

function mark(place) {
  const all = options()
  const at = (place + all.length) % all.length
  all.forEach((option, n) => { option.setAttribute("aria-selected", n === at) })
  all[at].scrollIntoView({ block: "nearest" })
  area.setAttribute("aria-activedescendant", all[at].id)
}

function take(option) {
  const end = area.selectionStart, start = area.value.lastIndexOf("@", end - 1)
  area.setRangeText(`@${option.dataset.insert} `, start, end, "end")
  area.focus()
  close()
}

async function ask(target, letters) {
  const turn = ++asked
  const answer = await fetch(`${target.dataset.mentions}?q=${encodeURIComponent(letters)}`).catch(() => null)
  if (turn !== asked || document.activeElement !== target) return
  area = target
  if (answer?.ok) open((await answer.json()).members)
  else close()
}

export function look(target) {
  const letters = typed(target)
  clearTimeout(timer)
  if (letters === null) return close()
  timer = setTimeout(() => ask(target, letters), WAIT)
}

document.addEventListener("keydown", event => {
  if (!isOpen() || event.target !== area) return
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step) mark(chosen() + step)
  else if (event.key === "Enter" || event.key === "Tab") take(options()[chosen()])
  else if (event.key === "Escape") close()
  else return
  event.preventDefault()
  event.stopPropagation()
}, true)

document.addEventListener("pointerdown", event => {
  const option = event.target.closest?.(".mentions > li")
  if (!option) return
  event.preventDefault()
  take(option)
})
document.addEventListener("focusout", event => { if (event.target === area) close() })
