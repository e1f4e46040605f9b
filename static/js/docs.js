// Swagger UI on our own description. The theme follows the page's, or the system's.
const page = document.documentElement
const system = matchMedia("(prefers-color-scheme: dark)")
const paint = () => page.classList.toggle("dark-mode", page.dataset.theme === "dark" || (page.dataset.theme === "auto" && system.matches))
paint()
system.addEventListener("change", paint)

const docs = document.getElementById("docs")
SwaggerUIBundle({
  url: docs.dataset.schema,
  domNode: docs,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
})
