// A file dropped anywhere on the zone is the file of its input; the input alone works without this.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]")
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, event => {
    event.preventDefault()
    zone.classList.add("over")
  })
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"))
  zone.addEventListener("drop", event => {
    event.preventDefault()
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files
  })
}
