// The palette: typing narrows the list, Enter takes the first of it, arrows walk through it.
// What is typed can always be searched for in the leads: that entry submits the form, which also works without script.
const palette = document.getElementById("palette")
const input = palette?.querySelector("input")
const shown = () => [...palette.querySelectorAll("li:not([hidden]) > :is(a, button)")]

function narrow() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const item of palette.querySelectorAll("li")) {
    const search = item.querySelector("[data-words]")
    item.hidden = search ? !words.length : !words.every(word => item.textContent.toLowerCase().includes(word))
    if (search) search.textContent = input.value
  }
}

palette?.addEventListener("input", narrow)

palette?.addEventListener("keydown", event => {
  const list = shown()
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

palette?.addEventListener("close", () => {
  input.value = ""
  narrow()
})
