// A copy button beside a value: <button data-copy="id of the input">.
document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]")
  if (!button) return
  const input = document.getElementById(button.dataset.copy)
  input.select()
  let text = "Copied"
  try {
    await navigator.clipboard.writeText(input.value)
  } catch {
    text = "Press Ctrl-C or ⌘-C to copy"
  }
  document.dispatchEvent(new CustomEvent("toast", { detail: { text } }))
})
